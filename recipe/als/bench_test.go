package als_test

import (
	"math/rand/v2"
	"testing"

	"bespoke/history"
	"bespoke/recipe/als"
)

// BenchmarkFit is 2 iterations over 1 million interactions of 10,000 users with
// 20,000 items, the popular ones of which have thousands of users.
func BenchmarkFit(b *testing.B) {
	const users, items, each = 10_000, 20_000, 100
	r := rand.New(rand.NewPCG(1, 1))
	s := &history.Sequences{Start: []int{0}}
	for range users {
		for range each {
			s.Item = append(s.Item, uint32(items*r.Float64()*r.Float64()*r.Float64()))
		}
		s.Start = append(s.Start, len(s.Item))
	}
	s.Time, s.Row = make([]int64, len(s.Item)), make([]uint32, len(s.Item))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := als.Fit(b.Context(), s, items, als.Config{Iterations: 2, Seed: 1, Workers: 2}); err != nil {
			b.Fatal(err)
		}
	}
}
