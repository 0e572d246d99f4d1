package neural

import (
	"context"
	"math"

	"bespoke/history"
	"bespoke/recipe"
	"bespoke/recipe/vector"
)

// pass takes a batch through the model, forward and back. Matrices have one row for
// each position of the batch, or for each of its negatives.
type pass struct {
	m       *Model
	workers int
	sizes   []float32 // by the number of items

	at     []position
	items  [][]uint32 // that count, the newest first
	target []uint32
	lack   []float32 // how much more likely each target should be, negative
	scale  []float32 // as normalize returns it

	mean, normal, units, x         []float32
	scores                         []float32 // of the negatives, then what is to be taken off them
	toX, toUnits, toNormal, toMean []float32 // slopes
	negative                       [negatives]uint32
	offset                         [negatives]float32 // of the negatives' scores
	vectors                        []float32          // of the negatives
	toVectors                      []float32          // slopes
	toOffset                       [negatives]float32
	first                          []int32 // for each item, the first of the negatives that is it, plus 1
	again                          [negatives]int32
	toPlaces, toIn, toLift, toOut  []float32 // slopes
}

func newPass(m *Model, n, workers int) *pass {
	k, h := m.Factors, m.Hidden
	p := &pass{
		m: m, workers: workers, at: make([]position, n), items: make([][]uint32, n),
		target: make([]uint32, n), lack: make([]float32, n), scale: make([]float32, n),
		first: make([]int32, len(m.Bias)),
	}
	for items := range m.Window + 1 {
		p.sizes = append(p.sizes, size(items))
	}
	for _, a := range []*[]float32{&p.mean, &p.normal, &p.x, &p.toX, &p.toNormal, &p.toMean} {
		*a = make([]float32, n*k)
	}
	p.units, p.toUnits = make([]float32, n*h), make([]float32, n*h)
	p.scores = make([]float32, n*negatives)
	p.vectors, p.toVectors = make([]float32, negatives*k), make([]float32, negatives*k)
	p.toPlaces, p.toIn, p.toLift, p.toOut = make([]float32, len(m.Places)), make([]float32, len(m.In)), make([]float32, h), make([]float32, len(m.Out))
	return p
}

// learn finds the slopes of the batch's loss by everything but the items.
func (p *pass) learn(ctx context.Context, s *history.Sequences) error {
	if err := recipe.Blocks(ctx, p.workers, len(p.at), shard, func(from, to int) { p.positions(s, from, to) }); err != nil {
		return err
	}
	m, k, h := p.m, p.m.Factors, p.m.Hidden
	jobs := negatives/shard + h/16 + m.Window
	return recipe.Blocks(ctx, p.workers, jobs, 1, func(job, _ int) {
		if job < negatives/shard {
			from, to := job*shard, (job+1)*shard
			clear(p.toVectors[from*k : to*k])
			taken := vector.Rows(p.scores, negatives).Transposed().Part(from, to)
			vector.AddMatrix(p.toVectors[from*k:to*k], taken, p.x, k)
			sums(p.toOffset[from:to], p.scores[from:], negatives)
			return
		}
		if job -= negatives / shard; job < h/16 {
			from, to := job*16, (job+1)*16
			clear(p.toIn[from*k : to*k])
			clear(p.toOut[from*k : to*k])
			vector.AddMatrix(p.toIn[from*k:to*k], vector.Rows(p.toUnits, h).Transposed().Part(from, to), p.normal, k)
			vector.AddMatrix(p.toOut[from*k:to*k], vector.Rows(p.units, h).Transposed().Part(from, to), p.toX, k)
			sums(p.toLift[from:to], p.toUnits[from:], h)
			return
		}
		d := job - h/16
		place := p.toPlaces[d*k : (d+1)*k]
		clear(place)
		for i := range p.items {
			if d < len(p.items[i]) {
				vector.AddProducts(place, p.toMean[i*k:(i+1)*k], m.Item(p.items[i][d]))
			}
		}
	})
}

// sums sets out to the sums of the columns that rows of n elements begin with.
func sums(out, rows []float32, n int) {
	clear(out)
	for ; len(rows) >= len(out); rows = rows[min(n, len(rows)):] {
		vector.Add(out, 1, rows[:len(out)])
	}
}

// positions passes some of the positions forward and back.
func (p *pass) positions(s *history.Sequences, from, to int) {
	m, k, h := p.m, p.m.Factors, p.m.Hidden
	rows := func(a []float32, n int) []float32 { return a[from*n : to*n] }
	for i := from; i < to; i++ {
		at := p.at[i]
		p.items[i] = newest(p.items[i], s.Item[at.start:at.at], m.Window)
		mean := p.mean[i*k : (i+1)*k]
		m.sum(mean, p.items[i], p.sizes[len(p.items[i])])
		dropOut(mean, at.noise)
		p.scale[i] = normalize(p.normal[i*k:(i+1)*k], mean)
	}
	units, x, scores, toX, toUnits, toNormal := rows(p.units, h), rows(p.x, k), rows(p.scores, negatives), rows(p.toX, k), rows(p.toUnits, h), rows(p.toNormal, k)
	dotPanels(units, m.In, rows(p.normal, k), h, k)
	for i := range to - from {
		vector.Add(units[i*h:(i+1)*h], 1, m.Lift)
	}
	vector.Rectify(units)
	copy(x, rows(p.mean, k))
	vector.AddMatrix(x, vector.Rows(units, h), m.Out, k)

	dotPanels(scores, p.vectors, x, negatives, k)
	for i := from; i < to; i++ {
		p.softmax(i, s.Item[p.at[i].at], weightOf(s, p.at[i].at))
	}
	clear(toX)
	vector.AddMatrix(toX, vector.Rows(scores, negatives), p.vectors, k)
	for i := from; i < to; i++ {
		vector.Add(p.toX[i*k:(i+1)*k], p.lack[i], m.Item(p.target[i]))
	}

	dotPanels(toUnits, m.Out, toX, h, k)
	vector.Mask(toUnits, units)
	clear(toNormal)
	vector.AddMatrix(toNormal, vector.Rows(toUnits, h), m.In, k)
	for i := from; i < to; i++ {
		toMean := p.toMean[i*k : (i+1)*k]
		unnormal(toMean, p.toX[i*k:(i+1)*k], p.toNormal[i*k:(i+1)*k], p.normal[i*k:(i+1)*k], p.scale[i])
		dropOut(toMean, p.at[i].noise)
		size := p.sizes[len(p.items[i])]
		for j := range toMean {
			toMean[j] *= size
		}
	}
}

// dotPanels sets out, in rows of n elements, to the inner products of x's rows, of k
// elements, with n rows: a few of the latter at a time, so that they stay near.
func dotPanels(out, rows, x []float32, n, k int) {
	const panel = 64
	for from := 0; from < n; from += panel {
		to := min(from+panel, n)
		for i := range len(x) / k {
			vector.DotRows(out[i*n+from:i*n+to], rows[from*k:to*k], x[i*k:(i+1)*k])
		}
	}
}

// softmax compares the target of the i-th position with the negatives and sets
// their scores to what is to be taken off each.
func (p *pass) softmax(i int, target uint32, weight float32) {
	x, scores := p.x[i*p.m.Factors:(i+1)*p.m.Factors], p.scores[i*negatives:(i+1)*negatives]
	vector.Add(scores, 1, p.offset[:])
	for j := p.first[target]; j > 0; j = p.again[j-1] {
		scores[j-1] = float32(math.Inf(-1))
	}
	mine := p.m.Score(x, target)
	best := max(mine, vector.Max(scores))
	own := [1]float32{mine}
	vector.Exps(own[:], best)
	sum := own[0] + vector.Exps(scores, best)
	vector.Scale(scores, weight/sum)
	p.target[i], p.lack[i] = target, weight*(own[0]/sum-1)
}

// draw takes the negatives of the next batch and copies their vectors side by side.
func (p *pass) draw(s *sampler) {
	for _, item := range p.negative {
		p.first[item] = 0
	}
	for j := range p.negative {
		item, chance := s.draw()
		p.negative[j] = item
		p.offset[j] = p.m.Bias[item] - float32(chance+math.Log(negatives))
		p.again[j], p.first[item] = p.first[item], int32(j+1)
	}
	vector.Gather(p.vectors, p.m.Items, p.negative[:], p.m.Factors)
}

// unnormal sets to to the slopes by the sum, given those by the vector and by
// what normalize made of the sum.
func unnormal(to, toX, toNormal, normal []float32, scale float32) {
	mean, along := float32(0), float32(0)
	for j, g := range toNormal {
		mean += g
		along += float32(g * normal[j])
	}
	mean /= float32(len(to))
	along /= float32(len(to))
	for j, g := range toNormal {
		to[j] = toX[j] + float32(scale*(g-mean-float32(along*normal[j])))
	}
}

func weightOf(s *history.Sequences, at int) float32 {
	if s.Weight == nil {
		return 1
	}
	return s.Weight[at]
}
