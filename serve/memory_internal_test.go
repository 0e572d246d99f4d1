package serve

import (
	"fmt"
	"runtime"
	"slices"
	"testing"

	"github.com/google/uuid"

	"bespoke/awsapi/wire"
)

// The newest answers are found by their IDs.
func TestMemory(t *testing.T) {
	t.Parallel()
	s := &Server{given: newMemory(3)}
	d := &Deployment{Campaign: "campaign"}
	var ids []uuid.UUID
	for n := range 4 { // one more than are remembered
		id, ok := parseID(s.remember(d, []wire.PredictedItem{{ItemId: fmt.Sprint("i", n)}, {ItemId: fmt.Sprintf("%0200d", n)}}))
		if !ok || id.Version() != 4 || id.Variant() != uuid.RFC4122 {
			t.Errorf("the ID is %s, %t", id, ok)
		}
		ids = append(ids, id)
	}
	if s.given.get(ids[0]) != nil {
		t.Error("the oldest answer is remembered")
	}
	for n := 1; n < 4; n++ {
		a := s.given.get(ids[n])
		if want := []itemKey{keyOf(fmt.Sprint("i", n)), keyOf(fmt.Sprintf("%0200d", n))}; a == nil || a.campaign != "campaign" || !slices.Equal(a.items, want) {
			t.Errorf("the answer %d is remembered as %+v", n, a)
		}
		ids[n][15]++ // of a stranger
		if a := s.given.get(ids[n]); a != nil {
			t.Errorf("a stranger's ID is that of %+v", a)
		}
	}
}

// How much is remembered of an answer depends on how many items it has, not on their
// IDs. Not parallel: it measures memory.
func TestMemoryOfLongIDs(t *testing.T) {
	const answers, most = 50, 500
	s := &Server{given: newMemory(answers)}
	d := &Deployment{Campaign: "campaign"}
	long := make([]wire.PredictedItem, most)
	for i := range long {
		long[i].ItemId = fmt.Sprintf("%0256d", i)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range answers {
		s.remember(d, long)
	}
	runtime.ReadMemStats(&after)
	if got := (after.TotalAlloc - before.TotalAlloc) / answers; got > 8*most {
		t.Errorf("an answer of %d items takes %d bytes", most, got)
	}
}
