package crash_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// TestPoison kills the server in the midst of every run of one import, as an
// import does that takes more memory than there is: the import ends with the
// reason, the dataset is as it was, and the next import has its turn.
func TestPoison(t *testing.T) {
	t.Parallel()
	w := newWorld(t, rand.New(rand.NewPCG(3, 4)))
	w.flags = []string{"--max-crashes", "3"}
	d := w.sets[0]
	var large strings.Builder
	large.WriteString(d.header)
	for range 400_000 {
		large.WriteString(d.row(d.draw(w.rng)))
	}
	s := w.start()
	submit := func(name, content string) {
		t.Helper()
		w.must(s.put(t.Context(), bucket+"/"+name, []byte(content)))
		w.must(s.call(t.Context(), "CreateDatasetImportJob", fields{
			"jobName": name, "datasetArn": d.arn, "dataSource": fields{"dataLocation": "s3://" + bucket + "/" + name},
		}, nil))
	}
	// ask waits until the job has one of the phases.
	ask := func(name, phases string) (p struct {
		Phase, Status, FailureReason string
		Rows                         struct{ Accepted int }
	}) {
		t.Helper()
		again := time.NewTicker(time.Millisecond)
		defer again.Stop()
		for late := time.Now().Add(settleWithin); !strings.Contains(phases, p.Phase) || p.Phase == ""; <-again.C {
			w.must(s.get(t.Context(), "dataset-import-jobs/"+name, &p))
			if time.Now().After(late) {
				t.Fatalf("%s is %+v, want %s", name, p, phases)
			}
		}
		return p
	}
	submit("poison", large.String())
	for n := range 3 {
		if p := ask("poison", "READING DONE"); p.Phase == "DONE" {
			t.Fatalf("before kill %d the import is %+v", n+1, p)
		}
		w.must(s.kill())
		s = w.start()
	}
	if p := ask("poison", "DONE"); p.Status != "CREATE FAILED" || !strings.Contains(p.FailureReason, "has ended 3 times in the midst of this import") {
		t.Errorf("the import is %+v", p)
	}
	var content struct {
		Rows struct{ Bulk int }
	}
	w.must(s.get(t.Context(), "datasets/"+d.group+"/"+string(d.typ), &content))
	if content.Rows.Bulk != len(d.held) {
		t.Errorf("the dataset has %d rows, want %d", content.Rows.Bulk, len(d.held))
	}
	submit("next", d.header+d.row(record{1, 2, 3, 4}))
	if p := ask("next", "DONE"); p.Status != "ACTIVE" || p.Rows.Accepted != 1 {
		t.Errorf("the next import is %+v", p)
	}
	w.must(s.stop())
}

// TestPoisonTraining kills the server in the midst of every run of one training: it ends
// with the reason, and those behind it have their turns.
func TestPoisonTraining(t *testing.T) {
	t.Parallel()
	p := newShop(t, rand.New(rand.NewPCG(5, 6)))
	p.flags = append(p.flags, "--max-crashes", "3")
	poison, ctx := p.versions[0], t.Context()
	s := p.start()
	for n := 0; ; n++ { // newShop may have killed one run
		p.awaitPhase(s, poison, poison.phases[0])
		out, err := p.training(ctx, s, poison)
		p.must(err)
		if out.Phase == "DONE" {
			break
		}
		if n == 3 {
			t.Fatalf("after %d kills the training is %s", n, out.Phase)
		}
		p.must(s.kill())
		s = p.start()
	}
	got, err := s.describe(ctx, "SolutionVersion", poison.arn)
	p.must(err)
	if got.Status != "CREATE FAILED" || !strings.Contains(got.FailureReason, "has ended 3 times in the midst of this training") {
		t.Errorf("the version is %+v", got)
	}
	for _, v := range p.versions[1:] {
		p.must(p.await(ctx, s, "SolutionVersion", v.arn, "ACTIVE"))
	}
	p.must(s.stop())
}
