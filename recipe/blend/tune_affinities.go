package blend

import (
	"context"
	"slices"
	"sync"

	"bespoke/recipe"
	"bespoke/recipe/affinity"
)

const (
	// rivals and crowd are how many items there are to choose from for users with
	// and without a history, those that score best without the terms that are to
	// be weighed: few where the best are good. What users took beyond them says
	// nothing; were it added, good scores would seem to be bad.
	rivals = 100
	crowd  = 500
	// worthwhile is how many times as good the first places must become.
	worthwhile = 1.01
	// numbers bounds what is held of all choices, 4 bytes each.
	numbers = 16 << 20
)

// parts of the weights that are tried: the likeliest ones are not always those
// with the best first ten places.
var parts = []float64{0, 0.5, 1, 1.5}

// affinities weighs what contexts and attributes say, first by how likely they
// make what users took among what else they might have taken, then, all together,
// by the first places.
func (t *tuner) affinities(ctx context.Context) (err error) {
	if len(t.tests) == 0 {
		return nil
	}
	in := t.in
	in.Interactions = t.history
	if t.terms, err = learn(ctx, in, t.catalogue); err != nil {
		return err
	}
	weights := t.terms.weights()
	if len(weights) == 0 {
		return nil
	}
	for _, known := range []bool{false, true} {
		choices, err := t.choices(ctx, known)
		if err != nil {
			return err
		}
		for i, w := range affinity.Fit(choices, 1+len(weights))[1:] {
			if known {
				weights[i].Known = w
			} else {
				weights[i].New = w
			}
		}
		values, err := t.measureParts(ctx, known)
		if err != nil {
			return err
		}
		best, least := 0, worthwhile*values[0]
		for i, v := range values {
			if v > least {
				best, least = i, v
			}
		}
		for _, w := range weights {
			if known {
				w.Known *= parts[best]
			} else {
				w.New *= parts[best]
			}
		}
		if known {
			t.value = values[best]
		}
	}
	t.in.Report(recipe.Progress{Phase: "affinities", Share: 1, Metric: metric, Value: t.value})
	return nil
}

// choices returns what the sample's users took and the terms' scores of it and its
// rivals. Where no history is to be known, the rivals are what is popular.
func (t *tuner) choices(ctx context.Context, known bool) ([]affinity.Choice, error) {
	terms, from := 1+len(t.terms.weights()), crowd
	if known {
		from = rivals
	}
	tests := min(len(t.tests), numbers/(terms*from))
	all := make([]affinity.Choice, tests)
	pool := sync.Pool{New: func() any { return &scored{scratch: newScratch(t.items), profiles: t.terms.profiles()} }}
	err := recipe.Blocks(ctx, t.in.Workers, tests, 16, func(first, last int) {
		s := pool.Get().(*scored)
		defer pool.Put(s)
		for i := first; i < last; i++ {
			if t.users[t.targets[i]] == 0 {
				continue
			}
			past := t.past(t.tests[i])
			t.score(s, i, known)
			top := recipe.NewTop(from)
			for k, j := range s.candidates {
				if j == t.targets[i] || !slices.Contains(past, j) {
					top.Add(uint32(k), float64(s.scores[k]))
				}
			}
			best := top.Sorted()
			at := slices.IndexFunc(best, func(r recipe.Scored) bool { return s.candidates[r.Item] == t.targets[i] })
			if at < 0 {
				continue
			}
			best[0], best[at] = best[at], best[0]
			var c affinity.Choice
			for _, r := range best {
				c = t.appendRow(c, s, int(r.Item))
			}
			all[i] = c
		}
	})
	return slices.DeleteFunc(all, func(c affinity.Choice) bool { return c == nil }), err
}

// scored is one user's candidates and their scores without the terms that are to
// be weighed.
type scored struct {
	*scratch
	candidates []uint32
	scores     []float32
	gaze       *gaze
	profiles   []*affinity.Profile // of no history where none is to be known
	context    map[string]string
	attributes map[string]string
}

// score fills s for the user of a test, among whose candidates is what the user
// took. Where no history is to be known they are the most likely items.
func (t *tuner) score(s *scored, i int, known bool) {
	u, target := t.tests[i], t.targets[i]
	s.context, s.attributes = t.asked[i], t.in.Attributes(u)
	past := t.past(u)
	s.candidates = s.candidates[:0]
	if known {
		s.follow(t.counts, past, t.best.weights(t.o.window))
		s.candidates = append(s.candidates, t.candidates(s.scratch)...)
	} else {
		s.candidates = append(s.candidates, t.likely...)
		past = nil
	}
	if !slices.Contains(s.candidates, target) {
		s.candidates = append(s.candidates, target)
	}
	for _, p := range s.profiles {
		p.Look(past, weightsOf(fadeTraits, folded))
	}
	s.scores = slices.Grow(s.scores[:0], len(s.candidates))[:len(s.candidates)]
	if !known {
		for k, j := range s.candidates {
			s.scores[k] = t.prior[j]
		}
		return
	}
	if s.gaze == nil {
		s.gaze = t.latent.gaze(&t.best)
	}
	s.gaze.look(past)
	s.gaze.scores(s.scores, s.candidates)
	spread := s.spread()
	for k, j := range s.candidates {
		s.scores[k] += s.sum[j]*spread + float32(t.best.Prior)*t.prior[j]
	}
	s.clear()
}

// appendRow appends a candidate's score and what each term gives it.
func (t *tuner) appendRow(c affinity.Choice, s *scored, at int) affinity.Choice {
	j := s.candidates[at]
	c = append(c, s.scores[at])
	for _, term := range t.terms.contexts {
		c = append(c, term.Score(s.context[term.Column], j))
	}
	for _, term := range t.terms.users {
		c = append(c, term.Score(s.attributes[term.Column], j))
	}
	for _, p := range s.profiles {
		c = append(c, p.Score(j))
	}
	return c
}

// measureParts returns the value of each part of the weights.
func (t *tuner) measureParts(ctx context.Context, known bool) ([]float64, error) {
	pool := sync.Pool{New: func() any { return &scored{profiles: t.terms.profiles()} }}
	return t.measure(ctx, len(parts), func(i int, tr *trial, gains []float64) {
		s := pool.Get().(*scored)
		defer pool.Put(s)
		s.scratch = tr.scratch
		t.score(s, i, known)
		more := make([]float32, len(s.candidates))
		t.terms.add(s.scratch, s.context, s.attributes, known)
		for k, j := range s.candidates {
			more[k] = s.sum[j]
		}
		s.clear()
		for n, term := range t.terms.items {
			s.profiles[n].AddScores(more, s.candidates, term.of(known))
		}
		tr.consider(s.candidates, terms{1}, terms{1, float32(slices.Max(parts))}, more)
		tr.enter(s.scores)
		for choice, part := range parts {
			gains[choice] = tr.gain(terms{1, float32(part)})
		}
	})
}
