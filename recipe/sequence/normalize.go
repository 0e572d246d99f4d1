package sequence

import "math"

// Norm says how counts become scores. The weight of item j after item i is
// divided by (users(i)+Shrink)^From and (users(j)+Shrink)^To: how much it says
// that i is common, how much that j is, and how many users it takes to be
// believed.
type Norm struct{ From, To, Shrink float64 }

// Factors returns what rows and columns are multiplied by.
func (n Norm) Factors(users []uint32) (from, to []float32) {
	from, to = make([]float32, len(users)), make([]float32, len(users))
	for i, u := range users {
		from[i] = float32(math.Pow(float64(u)+n.Shrink, -n.From))
		to[i] = float32(math.Pow(float64(u)+n.Shrink, -n.To))
	}
	return from, to
}

// Normalize turns the counts into scores, in place.
func (c *Counts) Normalize(n Norm, users []uint32) {
	from, to := n.Factors(users)
	for i := range from {
		items, weights := c.Row(uint32(i))
		for e, j := range items {
			weights[e] *= from[i] * to[j]
		}
	}
}
