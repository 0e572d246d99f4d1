package blend

import (
	"context"

	"bespoke/recipe"
	"bespoke/recipe/sequence"
	"bespoke/recipe/vector"
)

// lanes is how many choices are tried in one pass over the transitions: each of
// norms with each of slows.
const lanes = len(norms) * len(slows)

// transitions chooses how to count and to normalize.
func (t *tuner) transitions(ctx context.Context) error {
	if len(t.tests) == 0 {
		return nil
	}
	l := t.newLanes()
	steps := len(decays) + len(backs)
	try := func(step int, b Blend) error {
		err := t.count(ctx, b)
		if err != nil {
			return err
		}
		weights := t.slowly(b)
		values, err := t.measure(ctx, lanes, func(_ int, tr *trial, gains []float64) {
			tr.followAll(t.counts, l, &weights)
			tr.gains(gains, l.to)
			tr.clearAll()
		})
		for i, v := range values {
			if v > t.value {
				t.best, t.value = b.lane(i), v
			}
		}
		t.in.Report(recipe.Progress{Phase: "transitions", Share: float64(step+1) / float64(steps+1), Metric: metric, Value: t.value})
		return err
	}
	for i, d := range decays {
		b := t.best
		b.Decay, b.Back = d, unseen.Back
		if err := try(i, b); err != nil {
			return err
		}
	}
	for i, back := range backs {
		b := t.best
		b.Back = back
		if err := try(len(decays)+i, b); err != nil {
			return err
		}
	}
	return nil
}

// count counts what follows the items of the tests' histories.
func (t *tuner) count(ctx context.Context, b Blend) (err error) {
	t.counts, err = sequence.Count(ctx, t.shown, t.items, t.wanted, b.config(t.o.window, t.in.Workers))
	return err
}

// normalized counts and normalizes as is best so far.
func (t *tuner) normalized(ctx context.Context) error {
	if err := t.count(ctx, t.best); err != nil {
		return err
	}
	t.counts.Normalize(t.best.Norm, t.users)
	return nil
}

// laned is what rows and columns of counts are multiplied by in each lane.
type laned struct {
	from [len(norms)][]float32
	to   []float32 // lanes for each item
}

func (t *tuner) newLanes() *laned {
	l := &laned{to: make([]float32, lanes*t.items)}
	for i, n := range norms {
		var columns []float32
		l.from[i], columns = n.Factors(t.users)
		for j, x := range columns {
			for k := range slows {
				l.to[j*lanes+i*len(slows)+k] = x
			}
		}
	}
	return l
}

// lane returns b as it is in a lane.
func (b Blend) lane(i int) Blend {
	b.Norm, b.Slow = norms[i/len(slows)], slows[i%len(slows)]
	return b
}

// slowly returns the weights of a history's items for each of slows.
func (t *tuner) slowly(b Blend) (weights [len(slows)][]float32) {
	for k, slow := range slows {
		b.Slow = slow
		weights[k] = make([]float32, t.o.window) // faint ones are 0
		copy(weights[k], b.weights(t.o.window))
	}
	return weights
}

// followAll adds the rows of the history's items to the sums of all lanes.
func (tr *trial) followAll(c *sequence.Counts, l *laned, weights *[len(slows)][]float32) {
	var by [lanes]float32
	for d, item := range tr.past[:min(len(tr.past), len(weights[0]))] {
		for i := range by {
			by[i] = weights[i%len(slows)][d] * l.from[i/len(slows)][item]
		}
		items, scores := c.Row(item)
		if len(tr.sum) > small {
			for _, j := range items {
				if tr.sum[j] == 0 {
					tr.sum[j], tr.touched = 1, append(tr.touched, j)
				}
			}
		}
		vector.Scatter(tr.sums, &by, scores, items)
	}
}

// gains sets what each lane gains, where the sums of item j count to[j*lanes:]
// times. An item without a sum is not among the candidates.
func (tr *trial) gains(gains []float64, to []float32) {
	var own [lanes]float32
	var ahead [lanes]int
	of := func(j uint32, c int) float32 { return tr.sums[int(j)*lanes+c] * to[int(j)*lanes+c] }
	open := 0 // lanes that may gain
	for c := range own {
		if own[c] = of(tr.target, c); own[c] > 0 {
			open++
		} else {
			ahead[c] = places
		}
	}
	look := func(j uint32) {
		if tr.taken[j] || j == tr.target {
			return
		}
		sums, to := (*[lanes]float32)(tr.sums[int(j)*lanes:]), (*[lanes]float32)(to[int(j)*lanes:])
		for c := range own {
			if x := sums[c] * to[c]; x >= own[c] && (x > own[c] || j < tr.target) {
				if ahead[c]++; ahead[c] == places {
					open--
				}
			}
		}
	}
	if len(tr.sum) > small {
		for i := 0; i < len(tr.touched) && open > 0; i++ {
			look(tr.touched[i])
		}
	} else {
		for j := 0; j < len(tr.sum) && open > 0; j++ {
			look(uint32(j))
		}
	}
	for c := range gains {
		gains[c] = gainOf(ahead[c])
	}
}

// clearAll undoes followAll.
func (tr *trial) clearAll() {
	if len(tr.sum) <= small {
		clear(tr.sums)
		return
	}
	for _, j := range tr.touched {
		clear(tr.sums[int(j)*lanes : int(j+1)*lanes])
	}
	tr.clear()
}
