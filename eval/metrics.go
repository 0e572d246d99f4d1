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
	// EventNDCG is NDCG where finding an item earns what it is worth instead of
	// 1. It is the mean over Worthy, the test users who have a relevant item that
	// is worth anything.
	EventNDCG [len(cuts)]float64
	Worthy    int
	// Reward is what the relevant items of the top 25 earn, of what the relevant
	// items could earn there. It is the mean over Rewarded, the test users who
	// have a relevant item that earns anything.
	Reward   float64
	Rewarded int
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

// EventMetrics returns the further metrics of a solution with weights of events.
func (f Figures) EventMetrics() map[string]float64 {
	m := map[string]float64{}
	for i, name := range [...]string{"5", "10", "25"} {
		m["normalized_discounted_cumulative_gain_with_event_weights_at_"+name] = round(f.EventNDCG[i])
	}
	return m
}

// RewardMetrics returns the further metric of a solution with an objective.
func (f Figures) RewardMetrics() map[string]float64 {
	return map[string]float64{"average_rewards_at_k": round(f.Reward)}
}

func round(x float64) float64 { return math.Round(x*1e4) / 1e4 }

// score returns the figures of one user. Places of a ranking are discounted by
// 1/log(1+place), the first being place 1; the ideal ranking has all relevant
// items first, those that are worth most before others.
func score(ranking []uint32, t Test, rewards []float64) Figures {
	f := Figures{Users: 1}
	gain, ideal, earned, most, hits, c := 0.0, 0.0, 0.0, 0.0, 0, 0
	worth := t.Worth
	if worth == nil {
		worth = slices.Repeat([]float64{1}, len(t.Relevant))
	}
	best := slices.Sorted(slices.Values(worth)) // ascending
	if best[len(best)-1] > 0 {
		f.Worthy = 1
	}
	for place := 1; place <= deepest; place++ {
		discount := 1 / math.Log2(1+float64(place))
		if place <= len(best) {
			ideal += discount
			most += discount * best[len(best)-place]
		}
		if at, ok := found(ranking, place, t.Relevant); ok {
			if hits == 0 {
				f.MRR = 1 / float64(place)
			}
			hits++
			gain += discount
			earned += discount * worth[at]
		}
		if place == cuts[c] {
			f.NDCG[c] = gain / ideal
			if f.Worthy > 0 {
				f.EventNDCG[c] = earned / most
			}
			f.Precision[c] = float64(hits) / float64(place)
			f.HitRate[c] = float64(min(hits, 1))
			c++
		}
	}
	f.reward(ranking, t, rewards)
	return f
}

// reward fills in what the relevant items earn.
func (f *Figures) reward(ranking []uint32, t Test, rewards []float64) {
	possible := make([]float64, 0, len(t.Relevant))
	for _, it := range t.Relevant {
		if int(it) < len(rewards) && rewards[it] > 0 {
			possible = append(possible, rewards[it])
			if slices.Contains(ranking[:min(len(ranking), deepest)], it) {
				f.Reward += rewards[it]
			}
		}
	}
	if len(possible) == 0 {
		return
	}
	slices.Sort(possible)
	most := 0.0
	for _, r := range possible[max(0, len(possible)-deepest):] {
		most += r
	}
	f.Reward, f.Rewarded = f.Reward/most, 1
}

// found returns where the item of a place is in relevant, which ascends.
func found(ranking []uint32, place int, relevant []uint32) (at int, ok bool) {
	if place > len(ranking) {
		return 0, false
	}
	return slices.BinarySearch(relevant, ranking[place-1])
}

// add adds another user's figures, for a mean.
func (f *Figures) add(g Figures) {
	f.Users += g.Users
	f.Worthy += g.Worthy
	f.Reward += g.Reward
	f.Rewarded += g.Rewarded
	f.MRR += g.MRR
	for i := range cuts {
		f.NDCG[i] += g.NDCG[i]
		f.Precision[i] += g.Precision[i]
		f.HitRate[i] += g.HitRate[i]
		f.EventNDCG[i] += g.EventNDCG[i]
	}
}

// mean divides the sums by the number of users.
func (f *Figures) mean() {
	n := float64(max(f.Users, 1))
	f.MRR /= n
	f.Reward /= float64(max(f.Rewarded, 1))
	for i := range cuts {
		f.NDCG[i] /= n
		f.Precision[i] /= n
		f.HitRate[i] /= n
		f.EventNDCG[i] /= float64(max(f.Worthy, 1))
	}
}
