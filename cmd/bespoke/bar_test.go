package main

import (
	"bytes"
	"testing"
	"time"

	"bespoke"
	"bespoke/control"
)

// The bar of a job with 2,000,000 rows in 100 bytes, half a minute after its
// start.
func halfway(terminal bool) (*bar, *bytes.Buffer, func(done int64, status bespoke.Status, phase string) jobProgress) {
	var out bytes.Buffer
	b := newBar(&out)
	b.terminal, b.started = terminal, time.Now().Add(-30*time.Second)
	return b, &out, func(done int64, status bespoke.Status, phase string) jobProgress {
		return jobProgress{
			Status: status, Phase: phase, RowsPerSecond: 65432.1,
			Bytes: control.ByteCounts{Done: done, Expected: 100}, Rows: control.RowCounts{Read: 20_000 * done},
		}
	}
}

// TestBar draws line over line: each begins at the left and covers what the
// last one left there.
func TestBar(t *testing.T) {
	t.Parallel()
	b, out, at := halfway(true)
	b.draw(at(0, "CREATE PENDING", "WAITING"))
	b.draw(at(50, "CREATE IN_PROGRESS", "READING"))
	b.draw(at(100, "CREATE IN_PROGRESS", "COMPARING"))
	b.done(at(100, "ACTIVE", "DONE"))
	want := "\r[                        ]   0 %  0 rows  65,432 rows/s  waiting" +
		"\r[============            ]  50 %  1,000,000 rows  65,432 rows/s  30s left" +
		"\r[========================] 100 %  2,000,000 rows  65,432 rows/s  comparing" +
		"\r[========================] 100 %  2,000,000 rows  65,432 rows/s  done     \n"
	if out.String() != want {
		t.Errorf("drawn:\n%q\nwant:\n%q", out, want)
	}
}

// TestBarInFile draws nothing but the end where there is no terminal.
func TestBarInFile(t *testing.T) {
	t.Parallel()
	b, out, at := halfway(false)
	b.draw(at(50, "CREATE IN_PROGRESS", "READING"))
	b.done(at(100, "CREATE FAILED", "DONE"))
	want := "[========================] 100 %  2,000,000 rows  65,432 rows/s  done\n"
	if out.String() != want {
		t.Errorf("drawn:\n%q\nwant:\n%q", out, want)
	}
}

// TestBarOfNothing draws jobs whose size says little.
func TestBarOfNothing(t *testing.T) {
	t.Parallel()
	b, out, _ := halfway(false)
	b.done(jobProgress{Status: "CREATE FAILED", Phase: "DONE"})
	b.done(jobProgress{Status: "ACTIVE", Phase: "DONE", Bytes: control.ByteCounts{Done: 9, Expected: 3}})
	want := "[                        ]   0 %  0 rows  0 rows/s  done\n" +
		"[========================] 100 %  0 rows  0 rows/s  done\n"
	if out.String() != want {
		t.Errorf("drawn:\n%q\nwant:\n%q", out, want)
	}
}

func TestGrouped(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		if got := grouped(n); got != want {
			t.Errorf("grouped(%d) = %s, want %s", n, got, want)
		}
	}
}
