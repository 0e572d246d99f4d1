package cooccurrence

import (
	"math"
	"slices"

	"bespoke/history"
	"bespoke/recipe"
)

// posting bounds the items of one term that are compared with each other, the
// ones with the most users: it keeps the work linear in the catalogue.
const posting = 1000

// terms is what the Items dataset says about each item, as vectors of length 1:
// categories and words, the rarer the heavier (TF-IDF).
type terms struct {
	of    [][]uint32 // terms of each item
	idf   []float32
	norm  []float32  // of each item
	items [][]uint32 // of each term
}

func newTerms(catalogue *history.Dictionary, m *history.Metadata, users []int) terms {
	n := catalogue.Len()
	t := terms{of: make([][]uint32, n), norm: make([]float32, n)}
	if m == nil {
		return t
	}
	words := history.NewDictionary()
	rows := recipe.Rows(catalogue, m)
	for c, column := range m.Columns {
		if !column.Categorical && !column.Textual {
			continue
		}
		for it, row := range rows {
			if row >= 0 {
				for _, w := range column.Parts(row) {
					t.of[it] = append(t.of[it], words.Add(string(rune(c))+w))
				}
			}
		}
	}
	t.idf, t.items = make([]float32, words.Len()), make([][]uint32, words.Len())
	for it := range t.of {
		slices.Sort(t.of[it])
		t.of[it] = slices.Compact(t.of[it])
		for _, w := range t.of[it] {
			t.items[w] = append(t.items[w], uint32(it))
		}
	}
	for w, items := range t.items {
		t.idf[w] = float32(math.Log(1 + float64(n)/float64(len(items))))
		if len(items) > posting {
			slices.SortStableFunc(items, func(a, b uint32) int { return users[b] - users[a] })
			t.items[w] = items[:posting]
		}
	}
	for it := range t.of {
		sum := 0.0
		for _, w := range t.of[it] {
			sum += float64(t.idf[w]) * float64(t.idf[w])
		}
		if sum > 0 {
			t.norm[it] = float32(1 / math.Sqrt(sum))
		}
	}
	return t
}

// alike adds weight times the cosine of i's terms and other items' to sum, and
// appends the items that were zero before to touched.
func (t terms) alike(i uint32, weight float32, sum []float32, touched []uint32) []uint32 {
	for _, w := range t.of[i] {
		x := weight * t.idf[w] * t.idf[w] * t.norm[i]
		for _, j := range t.items[w] {
			if j == i {
				continue
			}
			if sum[j] == 0 {
				touched = append(touched, j)
			}
			sum[j] += x * t.norm[j]
		}
	}
	return touched
}
