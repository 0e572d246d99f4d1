package serve

import (
	"fmt"
	"testing"
)

// The newest answers are found by their IDs.
func TestMemory(t *testing.T) {
	t.Parallel()
	m := newMemory(3)
	for n := range 4 { // one more than are remembered
		m.add(fmt.Sprint("id-", n), "campaign", 2, func(i int) string { return fmt.Sprint("i", n+i) })
	}
	if _, ok := m.get("id-0"); ok {
		t.Error("the oldest answer is remembered")
	}
	for n := 1; n < 4; n++ {
		a, ok := m.get(fmt.Sprint("id-", n))
		if want := fmt.Sprintf("[i%d i%d]", n, n+1); !ok || a.campaign != "campaign" || fmt.Sprint(a.items) != want {
			t.Errorf("the answer %d is remembered as %+v, %t", n, a, ok)
		}
	}
}
