package affinity

import (
	"math"
	"slices"
)

// Choice is what a user took and what else there was: a row for each item, that of
// the taken one first, with a number for each term of a score.
type Choice []float32

const (
	// convincing is how many standard errors a weight must be above 0, or the root
	// of twice what it adds to the likelihood's logarithm, and strongest how many
	// terms are weighed at most beside the first.
	convincing = 3
	strongest  = 12
	// doubtful is the precision of a normal prior of the weights about 0. It keeps
	// them finite where a term tells all choices apart.
	doubtful = 0.1
	// rounds is how many Newton steps a fit takes at most, and nothing what is too
	// small a step to go on.
	rounds  = 30
	nothing = 1e-5
)

// Fit returns the weights of so many terms under which the choices are most
// likely, that of the first being 1: the first is what is known already. Weights
// that are not clearly above 0 are 0. It maximizes the posterior of the
// multinomial logit (McFadden, "Conditional logit analysis of qualitative choice
// behavior", 1974) by Newton's method over terms chosen by their score tests,
// leaving terms out, the weakest first, whose Wald statistic is too small and
// whose likelihood ratio is too. The former is small also for a term that tells all
// choices apart, its weight being as uncertain as it is large (Hauck and Donner,
// "Wald's test as applied to hypotheses in logit analysis", 1977).
func Fit(choices []Choice, terms int) []float64 {
	weights := make([]float64, terms)
	if terms == 0 {
		return weights
	}
	used := []int{0}
	theta, _, _ := newton(choices, terms, used, []float64{1})
	used = append(used, promising(choices, terms, theta[0])...)
	theta, errors, l := newton(choices, terms, used, append(theta, make([]float64, len(used)-1)...))
	needed := map[int]bool{} // in spite of its Wald statistic
	for {
		weakest, least := 0, float64(convincing)
		for i := 1; i < len(used); i++ {
			if z := theta[i] / errors[i]; !(z >= least) && !(needed[used[i]] && theta[i] > 0) {
				weakest, least = i, z
			}
		}
		if weakest == 0 {
			break
		}
		fewer := slices.Delete(slices.Clone(used), weakest, weakest+1)
		start := slices.Delete(slices.Clone(theta), weakest, weakest+1)
		next, without, less := newton(choices, terms, fewer, start)
		if theta[weakest] > 0 && 2*(l-less) >= convincing*convincing {
			needed[used[weakest]] = true
			continue
		}
		used, theta, errors, l = fewer, next, without, less
	}
	for i, term := range used[1:] {
		weights[term] = theta[i+1] / max(theta[0], 0.05)
	}
	weights[0] = 1
	return weights
}

// promising returns the terms beside the first, strongest first, that the
// likelihood rises clearly with, given the first's weight.
func promising(choices []Choice, terms int, first float64) []int {
	gradient, own, with := make([]float64, terms), make([]float64, terms), make([]float64, terms)
	mean, square, cross := make([]float64, terms), make([]float64, terms), make([]float64, terms)
	var p []float64
	for _, c := range choices {
		p = likelihoods(p[:0], c, terms, []int{0}, []float64{first})
		clear(mean)
		clear(square)
		clear(cross)
		for i, share := range p {
			row := c[i*terms : (i+1)*terms]
			for k, x := range row {
				mean[k] += share * float64(x)
				square[k] += share * float64(x) * float64(x)
				cross[k] += share * float64(x) * float64(row[0])
			}
		}
		for k := range terms {
			gradient[k] += float64(c[k]) - mean[k]
			own[k] += square[k] - mean[k]*mean[k]
			with[k] += cross[k] - mean[k]*mean[0]
		}
	}
	z := make([]float64, terms)
	var found []int
	for k := 1; k < terms; k++ {
		if information := own[k] - with[k]*with[k]/max(own[0], 1e-9); information > 1e-9 {
			z[k] = gradient[k] / math.Sqrt(information)
		}
		if z[k] >= convincing {
			found = append(found, k)
		}
	}
	slices.SortStableFunc(found, func(a, b int) int {
		if z[a] > z[b] {
			return -1
		}
		return 1
	})
	return found[:min(len(found), strongest)]
}

// likelihoods appends how likely each item of a choice is.
func likelihoods(p []float64, c Choice, terms int, used []int, theta []float64) []float64 {
	best := math.Inf(-1)
	for at := 0; at < len(c); at += terms {
		s := 0.0
		for i, term := range used {
			s += theta[i] * float64(c[at+term])
		}
		best = max(best, s)
		p = append(p, s)
	}
	sum := 0.0
	for i, s := range p {
		p[i] = math.Exp(s - best)
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}

// newton returns the most likely weights of the used terms, their standard errors
// and the logarithm of their posterior. That is concave: a step that makes it fall
// goes too far, and half of it is tried.
func newton(choices []Choice, terms int, used []int, theta []float64) (_, errors []float64, at float64) {
	n := len(used)
	errors, gradient, information := make([]float64, n), make([]float64, n), make([]float64, n*n)
	at = derive(choices, terms, used, theta, gradient, information)
	for range rounds {
		step := solve(information, gradient, errors)
		next, scale, largest := make([]float64, n), 1.0, 0.0
		for {
			largest = 0
			for i, x := range step {
				next[i] = theta[i] + scale*x
				largest = max(largest, math.Abs(scale*x))
			}
			l := derive(choices, terms, used, next, gradient, information)
			if l >= at || largest < nothing {
				at = l
				break
			}
			scale /= 2
		}
		if theta = next; largest < nothing {
			break
		}
	}
	solve(information, gradient, errors)
	return theta, errors, at
}

// derive returns the logarithm of the weights' posterior, and sets its gradient
// and the lower half of the information, its second derivative's negative.
func derive(choices []Choice, terms int, used []int, theta, gradient, information []float64) (l float64) {
	n := len(used)
	clear(gradient)
	clear(information)
	for i := range n {
		gradient[i] = -doubtful * theta[i]
		information[i*n+i] = doubtful
		l -= doubtful * theta[i] * theta[i] / 2
	}
	mean := make([]float64, n)
	var p []float64
	for _, c := range choices {
		p = likelihoods(p[:0], c, terms, used, theta)
		l += math.Log(max(p[0], math.SmallestNonzeroFloat64))
		clear(mean)
		for r, share := range p {
			row := c[r*terms : (r+1)*terms]
			for i, a := range used {
				x := share * float64(row[a])
				mean[i] += x
				for k, b := range used[:i+1] {
					information[i*n+k] += x * float64(row[b])
				}
			}
		}
		for i, a := range used {
			gradient[i] += float64(c[a]) - mean[i]
			for k := range i + 1 {
				information[i*n+k] -= mean[i] * mean[k]
			}
		}
	}
	return l
}

// solve returns x of a·x = b by Cholesky's method, and the square roots of the
// inverse's diagonal. a is symmetric and positive; its lower half is given and
// overwritten.
func solve(a, b, errors []float64) []float64 {
	n := len(b)
	for i := range n {
		for k := range i + 1 {
			s := a[i*n+k]
			for l := range k {
				s -= a[i*n+l] * a[k*n+l]
			}
			if i == k {
				a[i*n+i] = math.Sqrt(max(s, 1e-12))
			} else {
				a[i*n+k] = s / a[k*n+k]
			}
		}
	}
	both := func(y []float64) []float64 {
		for i := range n {
			for l := range i {
				y[i] -= a[i*n+l] * y[l]
			}
			y[i] /= a[i*n+i]
		}
		for i := n - 1; i >= 0; i-- {
			for l := i + 1; l < n; l++ {
				y[i] -= a[l*n+i] * y[l]
			}
			y[i] /= a[i*n+i]
		}
		return y
	}
	for i := range n {
		unit := make([]float64, n)
		unit[i] = 1
		errors[i] = math.Sqrt(max(both(unit)[i], 0))
	}
	return both(slices.Clone(b))
}
