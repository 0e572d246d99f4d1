package crash_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"bespoke"
)

// settleWithin is how long everything that was accepted may take to settle.
const settleWithin = 2 * time.Minute

// world is one data folder, what is known of it, and what it should hold.
type world struct {
	t    *testing.T
	rng  *rand.Rand
	data string
	log  string // file of all lives' logs
	// flags of the server beside those that every life has
	flags []string

	sets []*dataset // there from the beginning to the end
	side *side

	mu       sync.Mutex // guards the jobs of datasets and what follows
	statuses map[string]string
	glimpses []glimpse // since the server was last left alone

	read    int64         // of the log
	startup time.Duration // from the process's start until it listens
	typical time.Duration // from the acceptance of a life's first job to the end of the last
	kills   int
	jobs    int
	tally   map[stage]int
}

// glimpse is what a dataset showed after a kill.
type glimpse struct {
	of    *dataset
	shown digest
	ended []*importJob // those known to have ended before
}

const bucket = "crash"

// newWorld serves a folder until it has two datasets with rows in them.
func newWorld(t *testing.T, rng *rand.Rand) *world {
	t.Helper()
	if _, err := binary(); err != nil {
		t.Fatalf("building the command: %v", err)
	}
	dir := t.TempDir()
	w := &world{t: t, rng: rng, data: filepath.Join(dir, "data"), log: filepath.Join(dir, "log"),
		statuses: map[string]string{}, tally: map[stage]int{}}
	t.Cleanup(w.tellLog)
	s := w.start()
	w.must(s.put(t.Context(), bucket, nil))
	schemas := map[*kind]string{}
	for _, k := range []*kind{interactions, items} {
		var out struct{ SchemaArn string }
		w.must(s.call(t.Context(), "CreateSchema", fields{"name": strings.ToLower(string(k.typ)), "schema": k.schema}, &out))
		schemas[k] = out.SchemaArn
	}
	w.side = newSide(w, rand.New(rand.NewPCG(rng.Uint64(), 0)), schemas[interactions])
	group, err := s.createGroup(t.Context(), "main")
	w.must(err)
	w.must(w.await(t.Context(), s, "DatasetGroup", group, "ACTIVE"))
	for _, k := range []*kind{interactions, items} {
		d := &dataset{kind: k, group: "main"}
		d.arn, err = s.createDataset(t.Context(), group, k.typ, schemas[k])
		w.must(err)
		w.must(w.await(t.Context(), s, "Dataset", d.arn, "ACTIVE"))
		w.sets = append(w.sets, d)
	}
	var calls sync.WaitGroup
	for _, d := range w.sets {
		j := w.plan(d, bespoke.Full, false)
		calls.Go(func() { w.submit(t.Context(), s, j) })
	}
	calls.Wait()
	began := time.Now()
	w.awaitJobs(s)
	w.typical = time.Since(began)
	w.settle(s)
	return w
}

// must ends the test where there is an error. It is for the test's own
// goroutine; others report with Error.
func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) spawn() *server {
	w.t.Helper()
	log, err := os.OpenFile(w.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	w.must(err)
	defer log.Close() // the process has its own
	// Half of the servers forget earlier states at once, which removes files.
	flags := []string{"--keep-snapshots", [...]string{"1ms", "1h"}[w.rng.IntN(2)], "--max-crashes", "1000000"}
	return spawn(w.t, w.data, log, append(flags, w.flags...)...)
}

func (w *world) start() *server {
	w.t.Helper()
	began := time.Now()
	s := w.spawn()
	w.must(s.ready(w.t.Context()))
	w.startup = time.Since(began)
	return s
}

// killable returns a context for calls to a server that is about to be killed.
func (w *world) killable() (context.Context, context.CancelFunc) {
	return context.WithCancel(w.t.Context())
}

// planLife draws the jobs of one life: one or two for each dataset or none, at
// least one in all.
func (w *world) planLife() []*importJob {
	var jobs []*importJob
	for len(jobs) == 0 {
		for _, d := range w.sets {
			for range w.rng.IntN(3) {
				mode := bespoke.Incremental
				if w.rng.IntN(2) == 0 || len(d.held) > 4*d.size {
					mode = bespoke.Full
				}
				jobs = append(jobs, w.plan(d, mode, w.rng.IntN(6) == 0))
			}
		}
	}
	return jobs
}

// plan draws an import into d, which is not asked for yet.
func (w *world) plan(d *dataset, mode bespoke.ImportMode, bad bool) *importJob {
	w.jobs++
	j := d.plan(w.rng, fmt.Sprintf("job-%d", w.jobs), mode, d.size, bad)
	w.mu.Lock()
	defer w.mu.Unlock()
	d.jobs = append(d.jobs, j)
	return j
}

// submit uploads a job's objects and asks for the job. Only the answer of a
// server that has been killed may be lost.
func (w *world) submit(ctx context.Context, s *server, j *importJob) {
	for n := range j.objects {
		if err := s.put(ctx, fmt.Sprintf("%s/%s/part-%d.csv", bucket, j.name, n), j.object(n)); err != nil {
			w.unexpected(s, err)
			return
		}
	}
	w.mu.Lock()
	j.asked, j.arn = true, strings.Replace(w.side.schema, "schema/interactions", "dataset-import-job/"+j.name, 1)
	w.mu.Unlock()
	var out struct{ DatasetImportJobArn string }
	err := s.call(ctx, "CreateDatasetImportJob", fields{
		"jobName": j.name, "datasetArn": j.into.arn, "importMode": j.mode,
		"dataSource": fields{"dataLocation": "s3://" + bucket + "/" + j.name + "/"},
	}, &out)
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case err != nil:
		w.unexpected(s, err)
	case out.DatasetImportJobArn != j.arn:
		w.t.Errorf("%s is %s, want %s", j.name, out.DatasetImportJobArn, j.arn)
	default:
		j.accepted = true
	}
}

// unexpected reports an error of a call, unless its answer was lost because the
// server was killed.
func (w *world) unexpected(s *server, err error) {
	if answered(err) || !s.killed.Load() {
		w.t.Error(err)
	}
}

// all returns every dataset that there may be.
func (w *world) all() []*dataset { return append(w.sets[:len(w.sets):len(w.sets)], w.side.set) }

// awaitWrite waits until one of the lake's files that match the pattern is new
// or has been written to, and not longer than most.
func (w *world) awaitWrite(pattern string, most time.Duration) {
	files := func() map[string]time.Time {
		names, err := filepath.Glob(filepath.Join(w.data, "lake", pattern))
		if err != nil {
			w.t.Error(err)
		}
		written := map[string]time.Time{}
		for _, name := range names {
			if st, err := os.Stat(name); err == nil { // it may be gone by now
				written[name] = st.ModTime()
			}
		}
		return written
	}
	late := time.NewTimer(most)
	defer late.Stop()
	again := time.NewTicker(500 * time.Microsecond)
	defer again.Stop()
	for before := files(); ; {
		for name, at := range files() {
			if !at.Equal(before[name]) {
				return
			}
		}
		select {
		case <-late.C:
			return
		case <-again.C:
		}
	}
}

// count counts a kill, and has the time in which kills come follow the machine:
// about one kill in eight is to come after everything has ended.
func (w *world) count(at stage) {
	w.kills++
	w.tally[at]++
	switch at {
	case startUp:
	case idle:
		w.typical = max(w.typical*85/100, 20*time.Millisecond)
	default:
		w.typical = min(w.typical*103/100, 10*time.Second)
	}
}

// look looks at the folder after a kill: datasets must be readable as they lie
// there. It returns how far the job was that had come furthest.
func (w *world) look() stage {
	w.t.Helper()
	ctx := w.t.Context()
	r, err := openRest(ctx, w.data, w.t.TempDir())
	w.must(err)
	defer func() { w.must(r.close()) }()
	at := idle
	for _, d := range w.sets {
		g := glimpse{of: d}
		for _, j := range d.jobs {
			if j.settled() {
				g.ended = append(g.ended, j)
			}
		}
		for _, row := range w.records(r, d) {
			g.shown.add(row)
		}
		w.glimpses = append(w.glimpses, g)
		for _, j := range d.jobs {
			if !j.asked {
				continue
			}
			stage, status, err := r.stage(ctx, j)
			w.must(err)
			if at = max(at, stage); status != "" {
				w.saw(j.arn, status)
			} else if j.accepted {
				w.t.Errorf("%s was accepted and is not there after the kill", j.name)
			}
		}
	}
	w.readLog()
	return at
}

// records reads the rows that a dataset shows.
func (w *world) records(r *rest, d *dataset) []record {
	w.t.Helper()
	job, err := r.twice(w.t.Context(), d)
	w.must(err)
	if job != "" {
		w.t.Errorf("%s has committed twice", job)
	}
	got, err := r.records(w.t.Context(), d)
	w.must(err)
	return got
}

// readLog reports what the log has of errors. Warnings count too: nothing that a
// killed process leaves behind is a reason for a job to fail and to be tried
// again. Only of a write to a log of records that was cut off the server may tell.
func (w *world) readLog() {
	w.t.Helper()
	b, err := os.ReadFile(w.log)
	w.must(err)
	for line := range strings.Lines(string(b[w.read:])) {
		for _, word := range []string{"level=ERROR", "level=WARN", "panic", "DATA RACE"} {
			if strings.Contains(line, word) && !cutOff(line) {
				w.t.Errorf("the server logged: %s", line)
				break
			}
		}
	}
	w.read = int64(len(b))
}

// cutOff reports whether a line tells of what a kill left of a write to a log of records.
func cutOff(line string) bool {
	return strings.Contains(line, `msg="cut off what a crash has left behind the last whole record of a log"`) ||
		strings.Contains(line, `msg="removed a file of a log that has no whole record"`) && !strings.Contains(line, " kept=")
}
