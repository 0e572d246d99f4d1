// Package eval says how good a model is: the figures of GetSolutionMetrics on
// the hold-out that Amazon documents, and full-ranking figures on the last item
// of each user or on held-out rows. Start with Measure.
package eval

import (
	"math"
	"slices"
)

// The cut-offs of the figures.
var cuts = [...]int{5, 10, 25}

// deepest is the largest cut-off, as many items as are asked for.
const deepest = 25

// Figures are means over test users, except Coverage.
type Figures struct {
	Users     int     // test users
	Coverage  float64 // distinct items in the answers' top 25, of all items
	MRR       float64 // 1/rank of the first relevant item in the top 25, or 0
	NDCG      [len(cuts)]float64
	Precision [len(cuts)]float64 // relevant items in the top k, divided by k
	HitRate   [len(cuts)]float64 // users with a relevant item in the top k
}

// Metrics returns the figures under the names of GetSolutionMetrics, rounded to
// four decimals as the service does.
func (f Figures) Metrics() map[string]float64 {
	m := map[string]float64{
		"coverage":                   round(f.Coverage),
		"mean_reciprocal_rank_at_25": round(f.MRR),
	}
	for i, name := range [...]string{"5", "10", "25"} {
		m["normalized_discounted_cumulative_gain_at_"+name] = round(f.NDCG[i])
		m["precision_at_"+name] = round(f.Precision[i])
	}
	return m
}

func round(x float64) float64 { return math.Round(x*1e4) / 1e4 }

// score returns the figures of one user. Places of a ranking are discounted by
// 1/log(1+place), the first being place 1; the ideal ranking has all relevant
// items first. relevant has no duplicates and is not empty.
func score(ranking, relevant []uint32) Figures {
	f := Figures{Users: 1}
	gain, ideal, hits, c := 0.0, 0.0, 0, 0
	for place := 1; place <= deepest; place++ {
		discount := 1 / math.Log2(1+float64(place))
		if place <= len(relevant) {
			ideal += discount
		}
		if place <= len(ranking) && slices.Contains(relevant, ranking[place-1]) {
			if hits == 0 {
				f.MRR = 1 / float64(place)
			}
			hits++
			gain += discount
		}
		if place == cuts[c] {
			f.NDCG[c] = gain / ideal
			f.Precision[c] = float64(hits) / float64(place)
			f.HitRate[c] = float64(min(hits, 1))
			c++
		}
	}
	return f
}

// add adds another user's figures, for a mean.
func (f *Figures) add(g Figures) {
	f.Users += g.Users
	f.MRR += g.MRR
	for i := range cuts {
		f.NDCG[i] += g.NDCG[i]
		f.Precision[i] += g.Precision[i]
		f.HitRate[i] += g.HitRate[i]
	}
}

// mean divides the sums by the number of users.
func (f *Figures) mean() {
	n := float64(max(f.Users, 1))
	f.MRR /= n
	for i := range cuts {
		f.NDCG[i] /= n
		f.Precision[i] /= n
		f.HitRate[i] /= n
	}
}
