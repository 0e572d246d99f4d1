package main

import (
	"fmt"
	"math"

	"bespoke/history"
	"bespoke/recipe"
)

// easeItems is the largest catalogue for which the dense matrix is inverted.
const easeItems = 4000

// ease is the linear autoencoder of Steck (arXiv 1905.03375): P = (X'X + λI)⁻¹,
// B = I - P/diag(P); an item's score is the sum of its column over the history.
type ease struct {
	items *history.Dictionary
	n     int
	b     []float64
}

func fitEASE(h *history.History, lambda float64) (recipe.Model, error) {
	n := h.Items.Len()
	if n > easeItems {
		return nil, fmt.Errorf("%d items are too many for a dense inverse; %d are the most here", n, easeItems)
	}
	g, s := make([]float64, n*n), h.Sequences()
	for u := range s.Users() {
		items, _ := s.Of(uint32(u))
		for _, i := range items {
			for _, j := range items {
				g[int(i)*n+int(j)]++
			}
		}
	}
	for i := range n {
		g[i*n+i] += lambda
	}
	p := invert(g, n)
	for i := range n {
		for j := range n {
			if i != j {
				g[i*n+j] = -p[i*n+j] / p[j*n+j]
			}
		}
		g[i*n+i] = 0
	}
	return &ease{items: h.Items, n: n, b: g}, nil
}

// invert inverts a symmetric positive definite matrix in place by Gauss-Jordan
// steps, which need no pivots for such a matrix.
func invert(a []float64, n int) []float64 {
	a = append([]float64(nil), a...)
	for k := range n {
		row := a[k*n : (k+1)*n]
		d := 1 / row[k]
		row[k] = 1
		for j := range row {
			row[j] *= d
		}
		for i := range n {
			if i == k {
				continue
			}
			other := a[i*n : (i+1)*n]
			f := other[k]
			other[k] = 0
			for j, x := range row {
				other[j] -= f * x
			}
		}
	}
	return a
}

func (m *ease) Items() *history.Dictionary { return m.items }
func (m *ease) Encode(*recipe.Encoder)     {}

func (m *ease) Rank(q recipe.Query) []recipe.Scored {
	score := make([]float64, m.n)
	for _, e := range q.History {
		for j, b := range m.b[int(e.Item)*m.n : (int(e.Item)+1)*m.n] {
			score[j] += b
		}
	}
	top := recipe.NewTop(q.K)
	for j, s := range score {
		if !q.Skips(uint32(j)) && !math.IsNaN(s) {
			top.Add(uint32(j), s)
		}
	}
	return top.Sorted()
}
