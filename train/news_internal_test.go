package train

import (
	"fmt"
	"math"
	"testing"
)

// TestTakers counts users, each any number of times, within the error of linear
// counting, and is not thrown by more than it can tell apart.
func TestTakers(t *testing.T) {
	t.Parallel()
	f := func(users int, within float64) {
		t.Helper()
		var all takers
		for range 3 {
			for u := range users {
				all.add(fmt.Append(nil, "user ", u))
			}
		}
		if got := float64(all.count()); math.Abs(got-float64(users)) > within*float64(users) {
			t.Errorf("%d users are counted as %v", users, got)
		}
	}
	f(0, 0)
	f(1, 0)
	f(10, 0.2)
	f(100, 0.2)
	f(800, 0.25)
	var many takers
	for u := range 100_000 {
		many.add(fmt.Append(nil, u))
	}
	if n := many.count(); n < 1000 || n > 2000 {
		t.Errorf("very many users are counted as %d", n)
	}
}
