package crash_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"bespoke"
)

// fate says whether a resource is there, as far as the calls that were answered
// tell.
type fate int

const (
	absent  fate = iota
	present      // or on its way
	unknown      // the answer to the last call was lost
)

// side is a dataset group that comes and goes with its dataset, beside the
// imports.
type side struct {
	w      *world
	rng    *rand.Rand
	schema string // ARN
	group  string // ARN, "" before the first
	made   int    // datasets so far

	settled        bool // since the last life in which something was done
	groupIs, setIs fate
	set            *dataset // arn is "" where it is absent
	imported       bool
	removed        []string // ARNs of import jobs that went with their dataset
}

func newSide(w *world, rng *rand.Rand, schema string) *side {
	return &side{w: w, rng: rng, schema: schema, set: &dataset{kind: interactions, group: "side"}}
}

// live takes one step after another until the server is killed.
func (d *side) live(ctx context.Context, s *server) {
	for ctx.Err() == nil {
		if err := d.step(ctx, s); err != nil {
			d.w.unexpected(s, err)
			return
		}
	}
}

func (d *side) step(ctx context.Context, s *server) error {
	switch {
	case d.groupIs == absent:
		return d.createGroup(ctx, s)
	case d.setIs == absent && d.rng.IntN(4) == 0:
		return d.remove(ctx, s, "DatasetGroup", d.group, &d.groupIs)
	case d.setIs == absent:
		return d.createSet(ctx, s)
	case d.rng.IntN(2) == 0:
		if err := d.remove(ctx, s, "Dataset", d.set.arn, &d.setIs); err != nil {
			return err
		}
		d.forget()
		return nil
	}
	return d.importRows(ctx, s)
}

func (d *side) createGroup(ctx context.Context, s *server) (err error) {
	d.groupIs = unknown
	d.group = strings.Replace(d.schema, "schema/interactions", "dataset-group/side", 1)
	if _, err := s.createGroup(ctx, "side"); err != nil {
		return err
	}
	d.groupIs = present
	return d.w.await(ctx, s, "DatasetGroup", d.group, "ACTIVE")
}

func (d *side) createSet(ctx context.Context, s *server) error {
	d.setIs = unknown
	d.w.mu.Lock()
	d.set.arn = strings.Replace(d.schema, "schema/interactions", "dataset/side/INTERACTIONS", 1)
	d.w.mu.Unlock()
	if _, err := s.createDataset(ctx, d.group, d.set.typ, d.schema); err != nil {
		return err
	}
	d.setIs = present
	return d.w.await(ctx, s, "Dataset", d.set.arn, "ACTIVE")
}

// remove deletes a resource and waits until it is gone.
func (d *side) remove(ctx context.Context, s *server, kind, arn string, is *fate) error {
	*is = unknown
	if err := s.call(ctx, "Delete"+kind, fields{strings.ToLower(kind[:1]) + kind[1:] + "Arn": arn}, nil); err != nil {
		return err
	}
	*is = absent
	return d.w.await(ctx, s, kind, arn, "")
}

// forget begins a new dataset, since the one before is gone.
func (d *side) forget() {
	d.w.mu.Lock()
	defer d.w.mu.Unlock()
	d.removed = append(d.removed, d.set.past...)
	for _, j := range d.set.jobs {
		if j.asked {
			d.removed = append(d.removed, j.arn)
		}
	}
	d.set, d.imported = &dataset{kind: interactions, group: "side"}, false
}

func (d *side) importRows(ctx context.Context, s *server) error {
	mode := bespoke.Full
	if d.imported && d.rng.IntN(2) == 0 {
		mode = bespoke.Incremental
	}
	d.made++
	d.w.mu.Lock()
	j := d.set.plan(d.rng, fmt.Sprintf("side-%d", d.made), mode, 1000, d.rng.IntN(6) == 0)
	d.set.jobs = append(d.set.jobs, j)
	d.w.mu.Unlock()
	d.w.submit(ctx, s, j)
	if !j.accepted {
		return context.Cause(ctx) // submit has reported what there is to report
	}
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for !j.settled() {
		if err := d.w.ask(ctx, s, j); err != nil {
			return err
		}
		<-again.C
	}
	d.imported = d.imported || j.status == "ACTIVE"
	return nil
}

// settle waits until the group and the dataset are there or gone, as the calls
// that were answered have it.
func (d *side) settle(s *server) {
	w := d.w
	w.t.Helper()
	if d.set.arn != "" {
		d.end(s, "Dataset", d.set.arn, &d.setIs)
		if d.setIs == absent {
			d.forget()
		}
	}
	if d.group != "" {
		d.end(s, "DatasetGroup", d.group, &d.groupIs)
	}
	for _, arn := range d.removed {
		if _, err := s.describe(w.t.Context(), "DatasetImportJob", arn); !notFound(err) {
			w.t.Errorf("%s is still there after its dataset is gone (%v)", arn, err)
		}
	}
	d.removed, d.settled = nil, true
}

// end finds out the fate of a resource and waits for it.
func (d *side) end(s *server, kind, arn string, is *fate) {
	d.w.t.Helper()
	if *is == unknown {
		got, err := s.describe(d.w.t.Context(), kind, arn)
		switch {
		case notFound(err) || err == nil && strings.HasPrefix(got.Status, "DELETE"):
			*is = absent
		case err == nil:
			*is = present
		}
	}
	want := "ACTIVE"
	if *is == absent {
		want = ""
	}
	d.w.must(d.w.await(d.w.t.Context(), s, kind, arn, want))
}

func (c *client) createGroup(ctx context.Context, name string) (arn string, err error) {
	var out struct{ DatasetGroupArn string }
	err = c.call(ctx, "CreateDatasetGroup", fields{"name": name}, &out)
	return out.DatasetGroupArn, err
}

func (c *client) createDataset(ctx context.Context, group string, typ bespoke.DatasetType, schema string) (arn string, err error) {
	var out struct{ DatasetArn string }
	err = c.call(ctx, "CreateDataset", fields{"name": strings.ToLower(string(typ)), "datasetGroupArn": group, "datasetType": typ, "schemaArn": schema}, &out)
	return out.DatasetArn, err
}
