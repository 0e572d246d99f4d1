package neural

import (
	"math"
	"math/rand/v2"
	"testing"

	"bespoke/history"
)

// loss is that of a batch, written down plainly in double precision.
func loss(m *Model, s *history.Sequences, b *pass, sm *sampler) float64 {
	sum := 0.0
	for _, p := range b.at {
		kept := make([]float32, m.Factors)
		for k := range kept {
			kept[k] = 1
		}
		dropOut(kept, p.noise)
		past := s.Item[max(p.start, p.at-m.Window):p.at]
		size, decay := 0.0, math.Exp(-2.0/reach)
		for d := range past {
			size += math.Pow(decay, float64(d))
		}
		h := make([]float64, m.Factors)
		mean := 0.0
		for k := range h {
			for d := range past {
				h[k] += float64(m.Places[d*m.Factors+k]) * float64(m.Item(past[len(past)-1-d])[k])
			}
			h[k] *= float64(kept[k]) / math.Sqrt(size)
			mean += h[k] / float64(m.Factors)
		}
		variance := 0.0
		for _, x := range h {
			variance += (x - mean) * (x - mean) / float64(m.Factors)
		}
		x := append([]float64(nil), h...)
		for u := range m.Lift {
			unit := float64(m.Lift[u])
			for k := range h {
				unit += float64(m.In[u*m.Factors+k]) * (h[k] - mean) / math.Sqrt(variance+1e-6)
			}
			for k := range x {
				x[k] += max(unit, 0) * float64(m.Out[u*m.Factors+k])
			}
		}
		score := func(item uint32) float64 {
			v := float64(m.Bias[item])
			for k := range x {
				v += x[k] * float64(m.Item(item)[k])
			}
			return v
		}
		target := s.Item[p.at]
		all := math.Exp(score(target))
		for _, item := range b.negative {
			if item != target {
				all += math.Exp(score(item) - sm.chance(item) - math.Log(negatives))
			}
		}
		sum += float64(weightOf(s, p.at)) * (math.Log(all) - score(target))
	}
	return sum
}

// chance returns the logarithm of an item's.
func (sm *sampler) chance(item uint32) float64 {
	mass := sm.upTo[item]
	if item > 0 {
		mass -= sm.upTo[item-1]
	}
	return math.Log(mass / sm.upTo[len(sm.upTo)-1])
}

// The slopes are what the loss changes by when a number of the model does.
func TestSlopes(t *testing.T) {
	t.Parallel()
	const items = 40
	r := rand.New(rand.NewPCG(1, 2))
	s := &history.Sequences{Start: []int{0}}
	for u := range 9 {
		for range 3 + u {
			s.Item = append(s.Item, uint32(r.IntN(items)))
			s.Weight = append(s.Weight, 0.5+r.Float32())
		}
		s.Start = append(s.Start, len(s.Item))
	}
	m := start(items, Config{Factors: 16, Window: 5, Seed: 3})
	for i := range m.Out {
		m.Out[i], m.Lift[i%len(m.Lift)] = float32(r.NormFloat64()*0.3), float32(r.NormFloat64()*0.1)
	}
	for i := range m.Bias {
		m.Bias[i] = float32(r.NormFloat64())
	}
	p, sm := newPass(m, 32, 2), newSampler(s, items, 5)
	newPositions(s, 4).next(p.at)
	p.draw(sm)
	if err := p.learn(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	rows := newRows(m)
	rows.collect(p)
	vectors, biases := make([]float32, len(m.Items)), make([]float32, items)
	for slot, item := range rows.items {
		g := vectors[int(item)*m.Factors : (int(item)+1)*m.Factors]
		biases[item] = p.slopes(g, rows.parts[rows.from[slot]:rows.from[slot+1]])
	}
	for _, part := range []struct {
		name         string
		model, slope []float32
	}{
		{"items", m.Items, vectors}, {"bias", m.Bias, biases}, {"places", m.Places, p.toPlaces},
		{"in", m.In, p.toIn}, {"lift", m.Lift, p.toLift}, {"out", m.Out, p.toOut},
	} {
		moved := 0
		for i := range part.model {
			const step = 1e-4
			was := part.model[i]
			part.model[i] = was + step
			width := float64(part.model[i])
			up := loss(m, s, p, sm)
			part.model[i] = was - step
			width -= float64(part.model[i])
			down := loss(m, s, p, sm)
			part.model[i] = was
			want := (up - down) / width
			if math.Abs(want) > 0.01 {
				moved++
			}
			if got := float64(part.slope[i]); math.Abs(got-want) > 0.01+0.02*math.Abs(want) {
				t.Errorf("%s[%d] has the slope %.4f, but the loss changes by %.4f", part.name, i, got, want)
			}
		}
		if moved < len(part.model)/4 {
			t.Errorf("%s: only %d of %d numbers matter to the loss", part.name, moved, len(part.model))
		}
	}
}

// Every position comes once in each pass.
func TestPositions(t *testing.T) {
	t.Parallel()
	s := &history.Sequences{Start: []int{0, 1, 1, 6, 9}, Item: make([]uint32, 9)}
	p := newPositions(s, 7)
	if p.len() != 6 {
		t.Fatalf("%d positions, want 6", p.len())
	}
	for range 5 {
		seen := map[int]bool{}
		pass := make([]position, 6)
		p.next(pass)
		for _, at := range pass {
			seen[at.at] = true
			if at.start >= at.at || at.at == 1 || at.at == 6 {
				t.Errorf("the position %d of a part from %d on has nothing before it", at.at, at.start)
			}
		}
		if len(seen) != 6 {
			t.Errorf("a pass sees %d positions, want 6", len(seen))
		}
	}
}
