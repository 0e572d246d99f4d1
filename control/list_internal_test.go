package control

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"bespoke"
	"bespoke/store"
)

// TestEvery: every reads page after page, to the end, to an error or for as long as
// it is asked.
func TestEvery(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	const total = 250
	for _, c := range []struct{ fails, stop, pages, want int }{
		{-1, -1, 3, total}, {2, -1, 2, 200}, {-1, 150, 2, 150},
	} {
		pages, got := 0, 0
		fetch := func(_ context.Context, parent bespoke.ARN, p store.Page) (all []string, next store.Position, _ error) {
			if parent != "parent" || p.Limit != 100 || p.After.IsZero() != (pages == 0) {
				t.Errorf("page %d is asked for by %q, %+v", pages, parent, p)
			}
			if pages == c.fails {
				return nil, next, broken
			}
			for n := 100 * pages; n < min(total, 100*pages+100); n++ {
				all = append(all, fmt.Sprint(n))
			}
			if pages++; 100*pages < total {
				next = store.Position{ID: int64(pages)}
			}
			return all, next, nil
		}
		for v, err := range every(t.Context(), "parent", fetch) {
			if got == c.stop {
				break
			}
			if err != nil {
				if !errors.Is(err, broken) || c.fails < 0 {
					t.Errorf("error %v", err)
				}
				continue
			}
			if v != fmt.Sprint(got) {
				t.Fatalf("%s comes where %d is due", v, got)
			}
			got++
		}
		if got != c.want || pages != c.pages {
			t.Errorf("%d of %d on %d pages, want %d on %d", got, total, pages, c.want, c.pages)
		}
	}
}
