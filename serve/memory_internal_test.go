package serve

import (
	"fmt"
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
	if _, ok := s.given.get(ids[0]); ok {
		t.Error("the oldest answer is remembered")
	}
	for n := 1; n < 4; n++ {
		a, ok := s.given.get(ids[n])
		if want := fmt.Sprintf("[i%d %0200d]", n, n); !ok || a.campaign != "campaign" || fmt.Sprint(a.items) != want {
			t.Errorf("the answer %d is remembered as %+v, %t", n, a, ok)
		}
		ids[n][15]++ // of a stranger
		if a, ok := s.given.get(ids[n]); ok {
			t.Errorf("a stranger's ID is that of %+v", a)
		}
	}
}
