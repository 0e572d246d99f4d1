package serve

import (
	"fmt"
	"testing"
	"time"

	"bespoke/history"
	"bespoke/recipe"
)

// TestAnswers gives an answer again while nothing has changed, for a while.
func TestAnswers(t *testing.T) {
	t.Parallel()
	a := newAnswers()
	now := time.Unix(1_700_000_000, 0)
	none, one := fingerprintOf(nil), fingerprintOf([]history.Interaction{{Item: "a", Time: 1}})
	a.put("u", answer{ranked: []recipe.Scored{{Item: 1}, {Item: 2}, {Item: 3}}, k: 5, live: none, made: now})
	f := func(user string, k int, live fingerprint, at time.Time, want int) {
		t.Helper()
		ranked, ok := a.get(user, k, live, at)
		if ok != (want > 0) || len(ranked) != want {
			t.Errorf("%s, %d: %d items, %t; want %d", user, k, len(ranked), ok, want)
		}
	}
	f("u", 2, none, now, 2)
	f("u", 5, none, now.Add(answerFor), 3)
	f("u", 6, none, now, 0)
	f("u", 2, one, now, 0)
	f("u", 2, none, now.Add(answerFor+1), 0)
	f("other", 2, none, now, 0)
	for i := range 2 * answerUsers { // more than are kept
		a.put(fmt.Sprint(i), answer{ranked: []recipe.Scored{{}}, k: 1, live: one, made: now})
	}
	kept := 0
	for i := range a.shards {
		kept += len(a.shards[i].users)
	}
	if kept != answerUsers {
		t.Errorf("%d answers are kept, want %d", kept, answerUsers)
	}
	f("u", 2, none, now, 0)
}

func TestFingerprint(t *testing.T) {
	t.Parallel()
	seen := map[fingerprint]bool{}
	for _, recent := range [][]history.Interaction{
		nil, {{Item: "a", Time: 1}}, {{Item: "b", Time: 1}}, {{Item: "a", Time: 2}}, {{Item: "a", Time: 1}, {Item: "a", Time: 1}}, {{Item: "a", Time: 1}, {Item: "b", Time: 1}},
	} {
		f := fingerprintOf(recent)
		if seen[f] {
			t.Errorf("%v looks like others", recent)
		}
		seen[f] = true
	}
}
