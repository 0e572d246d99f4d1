package neural

import (
	"math"

	"bespoke/history"
	"bespoke/recipe/vector"
)

// worker finds how the loss of a shard changes with each number of the model.
type worker struct {
	targets [shard]uint32
	lack    [shard]float32 // how much more likely each target should be, negative
	at      [shard]*thought
	x       []float32 // the histories' vectors, in rows
	toMean  []float32 // slopes by the histories' sums, in rows

	scores  []float32 // of the negatives, then what is to be taken off them
	byItem  []float32 // the latter, one row for each negative
	vectors []float32 // slopes by the negatives' vectors
	biases  []float32

	toX, toUnits, toNormal []float32
	unitsBy, slopesBy      []float32 // one row of positions for each hidden unit
	normals                []float32 // of the positions, in rows

	places, in, lift, out []float32 // slopes
}

func newWorker(m *Model) *worker {
	k, h := m.Factors, m.Hidden
	w := &worker{
		x: make([]float32, shard*k), toMean: make([]float32, shard*k),
		scores: make([]float32, negatives), byItem: make([]float32, negatives*shard),
		vectors: make([]float32, negatives*k), biases: make([]float32, negatives),
		toX: make([]float32, shard*k), toUnits: make([]float32, h), toNormal: make([]float32, k),
		unitsBy: make([]float32, h*shard), slopesBy: make([]float32, h*shard), normals: make([]float32, shard*k),
		places: make([]float32, len(m.Places)), in: make([]float32, len(m.In)), lift: make([]float32, h), out: make([]float32, len(m.Out)),
	}
	for i := range w.at {
		w.at[i] = newThought(k, h)
	}
	return w
}

// learn fills the worker's slopes for the positions of a shard.
func (w *worker) learn(m *Model, s *history.Sequences, r *round, positions []position) {
	for _, a := range [][]float32{w.byItem, w.unitsBy, w.slopesBy, w.places, w.lift, w.vectors, w.in, w.out} {
		clear(a)
	}
	for i, p := range positions {
		w.position(m, s, r, i, p)
	}
	k := m.Factors
	for j := range r.item {
		row := w.byItem[j*shard : (j+1)*shard]
		vector.AddRows(w.vectors[j*k:(j+1)*k], row, w.x)
		sum := float32(0)
		for _, v := range row {
			sum += v
		}
		w.biases[j] = sum
	}
	for u := range w.lift {
		slopes := w.slopesBy[u*shard : (u+1)*shard]
		for _, v := range slopes {
			w.lift[u] += v
		}
		vector.AddRows(w.in[u*k:(u+1)*k], slopes, w.normals)
		vector.AddRows(w.out[u*k:(u+1)*k], w.unitsBy[u*shard:(u+1)*shard], w.toX)
	}
}

// position passes the i-th position forward and back.
func (w *worker) position(m *Model, s *history.Sequences, r *round, i int, p position) {
	k, t := m.Factors, w.at[i]
	t.look(s.Item[p.start:p.at], m.Window)
	m.sum(t)
	dropOut(t.mean, p.noise)
	m.think(t)
	x := w.x[i*k : (i+1)*k]
	copy(x, t.x)

	toX := w.toX[i*k : (i+1)*k]
	clear(toX)
	w.softmax(m, r, i, s.Item[p.at], weightOf(s, p.at), x, toX)

	vector.DotRows(w.toUnits, m.Out, toX)
	for u, on := range t.units {
		if on > 0 {
			w.unitsBy[u*shard+i], w.slopesBy[u*shard+i] = on, w.toUnits[u]
		} else {
			w.toUnits[u] = 0
		}
	}
	copy(w.normals[i*k:(i+1)*k], t.normal)
	clear(w.toNormal)
	vector.AddRows(w.toNormal, w.toUnits, m.In)
	toMean := w.toMean[i*k : (i+1)*k]
	unnormal(toMean, toX, w.toNormal, t)
	dropOut(toMean, p.noise)

	size := size(len(t.items))
	for j := range toMean {
		toMean[j] *= size
	}
	for d, item := range t.items {
		vector.AddProducts(w.places[d*k:(d+1)*k], toMean, m.Item(item))
	}
}

// softmax compares the target with the negatives, notes how much each score is
// off, and adds the slopes by x to toX.
func (w *worker) softmax(m *Model, r *round, i int, target uint32, weight float32, x, toX []float32) {
	vector.DotRows(w.scores, r.vectors, x)
	mine := vector.Dot(m.Item(target), x) + m.Bias[target]
	best := mine
	for j := range w.scores {
		if r.item[j] == target {
			w.scores[j] = float32(math.Inf(-1))
			continue
		}
		w.scores[j] += r.offset[j]
		best = max(best, w.scores[j])
	}
	own := exp(mine - best)
	sum := own
	for j, v := range w.scores {
		e := exp(v - best)
		w.scores[j] = e
		sum += e
	}
	for j := range w.scores {
		w.scores[j] *= weight / sum
		w.byItem[j*shard+i] = w.scores[j]
	}
	w.targets[i], w.lack[i] = target, weight*(own/sum-1)
	vector.AddRows(toX, w.scores, r.vectors)
	vector.Add(toX, w.lack[i], m.Item(target))
}

// unnormal sets to to the slopes by the sum, given those by the vector and by
// what think made of the sum.
func unnormal(to, toX, toNormal []float32, t *thought) {
	mean, along := float32(0), float32(0)
	for j, g := range toNormal {
		mean += g
		along += float32(g * t.normal[j])
	}
	mean /= float32(len(to))
	along /= float32(len(to))
	for j, g := range toNormal {
		to[j] = toX[j] + float32(t.scale*(g-mean-float32(along*t.normal[j])))
	}
}

func weightOf(s *history.Sequences, at int) float32 {
	if s.Weight == nil {
		return 1
	}
	return s.Weight[at]
}
