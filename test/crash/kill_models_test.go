package crash_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"bespoke"
)

// TestKillModels kills the server while it searches hyperparameters, updates a version,
// trains one anew and has one stopped, deploys versions in campaigns, and gives them the
// items that have come since. From the moment when it listens again campaigns that were
// ACTIVE must answer, each from one model, and everything must come to its end by itself:
// trainings with the bytes that a server comes to that nobody kills.
func TestKillModels(t *testing.T) {
	t.Parallel()
	n := max(1, *kills/8)
	if testing.Short() {
		n = 1
	}
	first := *seed
	if first == 0 {
		first = rand.Uint64()
	}
	t.Logf("-crash.seed %d", first)
	p := newShop(t, rand.New(rand.NewPCG(first, 55)))
	p.twin()
	for i, v := range p.versions {
		var before *version
		if i > 0 {
			before = p.versions[i-1]
		}
		for k := 0; k < n && p.killTraining(before, v, k == 0); k++ {
		}
	}
	p.settleModels(false)
	for i := range n {
		p.killUpdates(i, n)
	}
	for i := range n {
		p.killRefresh(i)
	}
	p.settleModels(true)
	for range n {
		p.killStopped()
	}
	p.settleModels(true)
	for _, what := range slices.Sorted(maps.Keys(p.cuts)) {
		t.Logf("%2d kills while the server %s", p.cuts[what], what)
	}
	if what := p.versions[0].what; p.cuts[what] == 0 {
		t.Errorf("no kill came while the server %s", what)
	}
}

// life starts the server and kills it once until returns, which has from when on it
// listens. All the while versions and campaigns are asked for.
func (p *shop) life(until func(s *server, listening func())) {
	p.t.Helper()
	s := p.spawn()
	ctx, done := p.killable()
	up := make(chan struct{})
	var calls sync.WaitGroup
	defer func() { // also where the test ends in the midst
		_ = s.kill()
		done()
		calls.Wait()
	}()
	calls.Go(func() { p.visit(ctx, s, up) })
	until(s, func() {
		p.t.Helper()
		select {
		case <-up:
		case <-time.After(startWithin + time.Second):
			p.t.Fatal("the server does not listen")
		}
	})
	p.must(s.kill())
	p.readLog()
}

// soon is a moment within d, early ones more often.
func (p *shop) soon(d time.Duration) time.Duration {
	u := p.rng.Float64()
	return time.Duration(u * u * float64(d))
}

// killTraining kills the server while it trains a version, which it does once it has
// trained the one before, if there is any: at any time, soon after a phase has begun, or
// soon after the model is seen being written or in its place. The first kill is sure to
// come early. It reports whether there was something to kill.
func (p *shop) killTraining(before, v *version, first bool) (unfinished bool) {
	p.t.Helper()
	waits := before != nil && p.statuses[before.arn] != "ACTIVE"
	p.life(func(s *server, listening func()) {
		if waits {
			listening()
			p.awaitPhase(s, before, "DONE")
		}
		switch how := p.rng.IntN(4); {
		case first:
			listening()
			p.awaitPhase(s, v, v.phases[0])
		case how == 0:
			if !waits { // trainings begin before the server listens
				wait(time.Duration((0.5 + p.rng.Float64()/2) * float64(p.startup)))
			}
			wait(time.Duration(p.rng.Float64() * float64(v.took)))
		case how == 1:
			listening()
			p.awaitPhase(s, v, v.phases[p.rng.IntN(len(v.phases))])
			wait(p.soon(v.took / 4))
		default:
			p.awaitWrite("../models/"+[...]string{"*.tmp", file(v.arn)}[how-2], p.startup+v.took)
			wait(p.soon(10 * time.Millisecond))
		}
	})
	p.atRest(func(r *rest) {
		is, err := r.store.SolutionVersion(p.t.Context(), bespoke.ARN(v.arn))
		p.must(err)
		if unfinished = is.Status == bespoke.CreateInProgress; unfinished {
			p.cuts[v.what]++
		}
		unfinished = unfinished || is.Status == bespoke.CreatePending
	})
	return unfinished
}

// killUpdates kills the server soon after it has begun to deploy another version in two
// campaigns, the newest in the last of n such lives, and to make a campaign of it.
func (p *shop) killUpdates(i, n int) {
	p.t.Helper()
	ctx, to := p.t.Context(), p.first
	if (n-i)%2 == 1 {
		to = p.versions[2].arn
	}
	var made *campaign
	p.life(func(s *server, listening func()) {
		listening()
		for _, c := range p.campaigns[:2] {
			p.must(p.awaitUpdate(ctx, s, c))
			p.must(p.update(ctx, s, c, to))
		}
		made = &campaign{arn: p.create(s, "Campaign", fields{"name": fmt.Sprint("made-", i), "solutionVersionArn": to,
			"campaignConfig": fields{"itemExplorationConfig": fields{"explorationWeight": "0"}}})}
		wait(p.soon(30 * time.Millisecond))
	})
	p.campaigns = append(p.campaigns, made)
	p.atRest(func(r *rest) {
		for _, c := range []*campaign{p.campaigns[0], p.campaigns[1], made} {
			is, err := r.store.Campaign(ctx, bespoke.ARN(c.arn))
			p.must(err)
			if !is.Status.Settled() || is.Update != nil && !is.Update.Status.Settled() {
				p.cuts["deploys a version"]++
			}
		}
	})
}

// killRefresh has new items come in and kills the server, and again while it starts and
// takes them in.
func (p *shop) killRefresh(i int) {
	p.t.Helper()
	p.life(func(s *server, listening func()) {
		listening()
		p.arrive(s, fmt.Sprint("late-", i))
		wait(p.soon(30 * time.Millisecond))
	})
	p.life(func(*server, func()) {
		if p.rng.IntN(2) == 0 {
			wait(time.Duration((0.3 + p.rng.Float64()) * float64(p.startup)))
			return
		}
		p.awaitWrite("../models/*.tmp", 2*p.startup)
		wait(p.soon(10 * time.Millisecond))
	})
}

// killStopped kills the server soon after a training was stopped.
func (p *shop) killStopped() {
	p.t.Helper()
	var v *version
	p.life(func(s *server, listening func()) {
		listening()
		v = &version{what: "was stopped", want: "CREATE STOPPED", arn: p.create(s, "SolutionVersion", fields{"solutionArn": p.tuned})}
		p.awaitPhase(s, v, phases[p.rng.IntN(3)])
		p.must(s.call(p.t.Context(), "StopSolutionVersionCreation", fields{"solutionVersionArn": v.arn}, nil))
		wait(p.soon(20 * time.Millisecond))
	})
	p.versions = append(p.versions, v)
	p.atRest(func(r *rest) {
		is, err := r.store.SolutionVersion(p.t.Context(), bespoke.ARN(v.arn))
		p.must(err)
		if !is.Status.Settled() {
			p.cuts["stops a training"]++
		}
	})
}

// atRest looks at what a killed server has left.
func (p *shop) atRest(look func(*rest)) {
	p.t.Helper()
	r, err := openRest(p.t.Context(), p.data, p.t.TempDir())
	p.must(err)
	defer func() { p.must(r.close()) }()
	look(r)
}

// settleModels leaves a server alone until everything has come to its end, compares that
// with the twin's, and looks at what is left in the folder.
func (p *shop) settleModels(refreshed bool) {
	p.t.Helper()
	ctx := p.t.Context()
	s := p.start()
	p.must(p.check(ctx, s))
	var last time.Time
	for _, v := range p.versions {
		p.must(p.await(ctx, s, "SolutionVersion", v.arn, v.want))
		got, err := p.training(ctx, s, v)
		p.must(err)
		if v.want == "ACTIVE" && got.Ended.Before(last) {
			p.t.Errorf("the training that %s ended before one that was accepted earlier", v.what)
		}
		last, got.Ended = got.Ended, v.outcome.Ended
		if v.want == "ACTIVE" && !reflect.DeepEqual(got, v.outcome) {
			p.t.Errorf("the training that %s came to %+v, without kills to %+v", v.what, got, v.outcome)
		}
	}
	for _, c := range p.campaigns {
		p.must(p.awaitUpdate(ctx, s, c))
	}
	p.must(p.check(ctx, s))
	if d, err := p.campaigns[2].describe(ctx, s); err != nil || d.SolutionVersionArn != p.versions[2].arn {
		p.t.Errorf("the campaign that follows its solution is %+v, %v", d, err)
	}
	if refreshed {
		p.awaitExplored(s)
	}
	p.must(s.stop())
	p.readLog()
	p.compareModels(refreshed)
	p.atRest(func(r *rest) {
		left, err := r.left()
		p.must(err)
		orphans, missing, err := r.orphans(ctx)
		p.must(err)
		if left = slices.Concat(left, orphans, missing); len(left) > 0 {
			p.t.Errorf("left in tmp, or in no table, or missing: %q", left)
		}
		tables, err := r.lake.Tables(ctx)
		p.must(err)
		for _, table := range tables {
			if tags, err := table.Tags(ctx); err != nil || len(tags) > 0 {
				p.t.Errorf("%s keeps states for %v, %v", table.Name(), tags, err)
			}
		}
	})
	if p.t.Failed() {
		p.t.FailNow()
	}
}

// compareModels compares the folder of models with the twin's, or after that with what
// it was. The first version may have had its automatic update before there was a newer
// one: then it is what UPDATE makes of it. The newest has one once items have come.
func (p *shop) compareModels(refreshed bool) {
	p.t.Helper()
	got, first, newest := p.models(), file(p.first), file(p.versions[2].arn)
	if is := got[first]; is == p.fresh || is == p.files[file(p.versions[1].arn)] {
		p.files[first] = is
	}
	if refreshed && !p.refreshed {
		p.files[newest], p.refreshed = got[newest], true
	}
	for name, want := range p.files {
		if is, ok := got[name]; !ok || is != want {
			p.t.Errorf("the model %s is there %t, and not as without kills", name, ok)
		}
		delete(got, name)
	}
	for name := range got {
		p.t.Errorf("%s is left in the folder of models", name)
	}
}
