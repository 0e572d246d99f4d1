package serve

import (
	"math"

	"bespoke/recipe"
)

// spread turns a model's scores into ones that sum to 1: softmax, as Amazon
// documents it, of the scores in units of their standard deviation, since
// models differ in theirs. Items without a score have NaN and no part in the
// sum; so have, where fillers is set, popular ones that stand in for relevant
// ones.
func spread(ranked []recipe.Scored, fillers bool) []float64 {
	counted := func(r recipe.Scored) bool { return !math.IsNaN(r.Score) && !(fillers && r.Why == recipe.Popular) }
	out := make([]float64, len(ranked))
	var n, mean, square float64
	best := math.Inf(-1)
	for _, r := range ranked {
		if counted(r) {
			n++
			delta := r.Score - mean
			mean += delta / n
			square += delta * (r.Score - mean)
			best = max(best, r.Score)
		}
	}
	unit := 1.0
	if sd := math.Sqrt(square / max(n, 1)); sd > 0 {
		unit = sd
	}
	sum := 0.0
	for i, r := range ranked {
		out[i] = math.NaN()
		if counted(r) {
			out[i] = math.Exp((r.Score - best) / unit)
			sum += out[i]
		}
	}
	for i := range out {
		out[i] /= sum
	}
	return out
}
