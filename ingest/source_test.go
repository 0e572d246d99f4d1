package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"bespoke"
	"bespoke/ingest"
)

// breaking is a Source whose objects end with an error at a byte, or end too
// early where that is nil.
type breaking struct {
	objects
	at  int64
	err error
}

func (b breaking) Open(_ context.Context, o bespoke.Object, offset, length int64) (io.ReadCloser, error) {
	text := b.objects[o.Key]
	if end := offset + length; end > b.at {
		r := io.Reader(strings.NewReader(text[min(offset, b.at):b.at]))
		if b.err != nil {
			r = io.MultiReader(r, failing{b.err})
		}
		return io.NopCloser(r), nil
	}
	return io.NopCloser(strings.NewReader(text[offset : offset+length])), nil
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// A failure of the source is told from data that is damaged, in every format:
// it may pass, and so is no refusal; and nothing of the import is left.
func TestSourceBreaks(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("USER_ID,ITEM_ID,EVENT_TYPE,EVENT_VALUE,TIMESTAMP\n")
	for i := range 400_000 {
		fmt.Fprintf(&b, "a-user-of-some-name-%x,i,,,%d\n", uint32(i)*2654435761, i)
	}
	text := b.String()
	for name, data := range map[string]string{
		"csv": text, "gzip": gzipped(t, text[:1<<20]), "gzip large": gzipped(t, text) + gzipped(t, text) + gzipped(t, text), "zstd": zstandard(t, text[:1<<20]),
		"parquet": asParquet(t, text[:strings.LastIndexByte(text[:1<<20], '\n')+1], 2), "parquet large": asParquet(t, text, 2),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src := objects{"a": data}
			for _, cause := range []error{errors.New("connection reset"), nil} {
				for _, share := range []int64{0, 1, 3, 7} {
					cfg := config(t, bespoke.Interactions, interactions(t), src)
					cfg.Source = breaking{src, int64(len(data)) * share / 8, cause}
					_, err := ingest.Run(t.Context(), cfg)
					if _, refused := errors.AsType[*bespoke.Error](err); err == nil || refused || cause != nil && !errors.Is(err, cause) || cause == nil && !errors.Is(err, io.ErrUnexpectedEOF) {
						t.Errorf("broken at %d eighths: error %v", share, err)
					}
					if left, _ := os.ReadDir(cfg.Dir); len(left) > 0 {
						t.Errorf("left %v", left)
					}
				}
			}
		})
	}
}
