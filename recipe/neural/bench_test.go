package neural_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"bespoke/history"
	"bespoke/recipe/neural"
)

// BenchmarkLearn reports the time for each position that is learned from, of a
// million in histories of 40 items out of 20,000.
func BenchmarkLearn(b *testing.B) {
	const users, length, items, steps = 25_000, 40, 20_000, 100_000
	r := rand.New(rand.NewPCG(1, 2))
	s := &history.Sequences{Start: []int{0}}
	for range users {
		for range length {
			s.Item = append(s.Item, uint32(items*math.Pow(r.Float64(), 3)))
		}
		s.Start = append(s.Start, len(s.Item))
	}
	tr := neural.NewTrainer(items, neural.Config{Steps: steps, Workers: 2})
	for b.Loop() {
		if err := tr.Learn(b.Context(), s, 1); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/steps, "ns/position")
}
