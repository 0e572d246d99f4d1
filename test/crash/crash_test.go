// Package crash_test kills the server and looks at what is left. It builds the
// real command, serves a fresh data folder, imports through the public API, and
// kills the process with SIGKILL, again and again: while it starts, and at
// random moments of imports, from the acceptance of a job to what follows its
// end. After each kill the folder is looked at as it lies there, and now and
// then the server is left alone until everything that was accepted has settled.
// Throughout, statuses must move as the API has them and datasets must hold what
// a model in memory says: each import wholly or not at all, one after another.
// Other tests kill it while events come in, between imports and individual records
// of the same datasets, in exports and data deletions, and while it trains models,
// deploys them and brings them up to date.
//
// More kills than make test has:
//
//	go test ./test/crash -args -crash.kills 300
package crash_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"bespoke"
)

var (
	kills = flag.Int("crash.kills", 32, "how often the servers are killed in all")
	seed  = flag.Uint64("crash.seed", 0, "of what is imported and when the kills come; 0 draws one. The machine has its part in the outcome too")
)

// worlds is how many servers are killed side by side. Imports wait for the disk
// often enough that two fill two cores.
const worlds = 2

func TestKill(t *testing.T) {
	t.Parallel()
	n := *kills
	if testing.Short() {
		n = min(n, 8)
	}
	first := *seed
	if first == 0 {
		first = rand.Uint64()
	}
	t.Logf("-crash.kills %d -crash.seed %d", n, first)
	var (
		mu    sync.Mutex
		tally = map[stage]int{}
		jobs  int
	)
	t.Run("worlds", func(t *testing.T) {
		for i := range worlds {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, rand.New(rand.NewPCG(first, uint64(i))))
				for share := (n + i) / worlds; w.kills < share; {
					w.round(share - w.kills)
				}
				mu.Lock()
				defer mu.Unlock()
				for s, n := range w.tally {
					tally[s] += n
				}
				jobs += w.jobs
			})
		}
	})
	total := 0
	for s := startUp; s <= committed; s++ {
		t.Logf("%4d kills: %s", tally[s], s)
		total += tally[s]
	}
	t.Logf("%4d kills in all; %d import jobs", total, jobs)
	if !t.Failed() && total < n {
		t.Errorf("the servers were killed %d times, want %d", total, n)
	}
}

// TestAtOnce starts two jobs on one dataset at the same time, in all pairs of
// modes, and expects what one after the other would have made.
func TestAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, rand.New(rand.NewPCG(1, 2)))
	modes := []bespoke.ImportMode{bespoke.Full, bespoke.Incremental}
	for _, a := range modes {
		for _, b := range modes {
			s := w.start()
			var calls sync.WaitGroup
			for _, d := range w.sets {
				for _, mode := range []bespoke.ImportMode{a, b} {
					j := w.plan(d, mode, false)
					calls.Go(func() { w.submit(t.Context(), s, j) })
				}
			}
			calls.Wait()
			w.settle(s)
		}
	}
}

// round is a few kills and then a server that is left alone, at most so many
// kills.
func (w *world) round(most int) {
	w.life(true)
	for n := min(most, 1+w.rng.IntN(3)); n > 1; n-- {
		w.life(w.rng.IntN(2) == 0)
	}
	w.settle(w.start())
}

// life is one start of the server and its kill. In most lives that are not the
// first of a round the server only goes on with what it finds.
func (w *world) life(busy bool) {
	w.t.Helper()
	if w.rng.IntN(8) == 0 {
		w.dieStarting()
		return
	}
	var jobs []*importJob
	if busy {
		jobs = w.planLife()
	}
	s := w.start()
	began := make(chan struct{}) // the first job is accepted, or there is none to wait for
	once := sync.OnceFunc(func() { close(began) })
	if len(jobs) == 0 {
		once()
	}
	// Half of the kills come at any time, the others soon after a commit was seen to
	// write its list of files, the metadata that the table is about to move to, or
	// the catalog: what happens then is soon over.
	after, sight := time.Duration(w.rng.Float64()*1.25*float64(w.typical)), ""
	if w.rng.IntN(2) == 0 {
		u := w.rng.Float64()
		after = time.Duration(u * u * float64(15*time.Millisecond))
		sight = [...]string{"tables/*/metadata/snap-*", "tables/*/metadata/*.metadata.json", "catalog.db-wal", "catalog.db-wal"}[w.rng.IntN(4)]
	}
	ctx, done := w.killable()
	var calls sync.WaitGroup
	for _, j := range jobs {
		calls.Go(func() {
			w.submit(ctx, s, j)
			once()
		})
	}
	if w.side.settled {
		w.side.settled = false
		calls.Go(func() { w.side.live(ctx, s) })
	}
	calls.Go(func() { w.observe(ctx, s) })
	<-began
	if sight != "" {
		w.awaitWrite(sight, 2*w.typical)
	}
	wait(after)
	if err := s.kill(); err != nil {
		w.t.Error(err)
	}
	done()
	calls.Wait()
	w.count(w.look())
}

// dieStarting kills the server before it listens, or about then.
func (w *world) dieStarting() {
	w.t.Helper()
	after := time.Duration(w.rng.Float64() * float64(w.startup))
	s := w.spawn()
	wait(after)
	if err := s.kill(); err != nil {
		w.t.Error(err)
	}
	w.look()
	w.count(startUp)
}

// wait lets a moment pass that stands for nothing else.
func wait(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	<-t.C
}
