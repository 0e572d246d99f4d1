package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
)

// row is what was measured of one work.
type row struct {
	work   work
	bytes  int64
	ours   []sample
	duckdb []sample // none for an update
}

func seconds(m sample) float64 { return m.Took.Seconds() }
func peak(m sample) float64    { return float64(m.Peak) / (1 << 20) }

// report prints the table of medians, and what the works say of one another.
func report(out io.Writer, rows []row) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "work\trows\tMB\tours s\tDuckDB s\tratio\tours MiB\tDuckDB MiB\trows/s\t")
	took := map[string]float64{}
	for _, r := range rows {
		t := median(r.ours, seconds)
		took[r.work.name] = t
		theirs, ratio, theirPeak := "-", "-", "-"
		if len(r.duckdb) > 0 {
			d := median(r.duckdb, seconds)
			theirs, ratio, theirPeak = fmt.Sprintf("%.2f", d), fmt.Sprintf("%.2f", t/d), fmt.Sprintf("%.0f", median(r.duckdb, peak))
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%.2f\t%s\t%s\t%.0f\t%s\t%.0f\t\n", r.work.name, r.work.rows, r.bytes/1e6,
			t, theirs, ratio, median(r.ours, peak), theirPeak, float64(r.work.rows)/t)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(out)
	for _, r := range rows {
		if base, ok := took[r.work.base]; ok {
			fmt.Fprintf(out, "%s takes %.3f of %s (goal: 0.1)\n", r.work.name, took[r.work.name]/base, r.work.base)
		}
	}
	if long, ok := took["interactions-100m"]; ok && took["interactions"] > 0 {
		fmt.Fprintf(out, "interactions-100m takes %.2f times as long as interactions (goal: 10.5)\n", long/took["interactions"])
	}
	return nil
}

func median(samples []sample, of func(sample) float64) float64 {
	v := make([]float64, len(samples))
	for i, m := range samples {
		v[i] = of(m)
	}
	slices.Sort(v)
	return v[len(v)/2]
}
