package als

import (
	"bytes"
	"runtime"
	"testing"

	"bespoke/recipe"
)

// file is a model file that holds factors.
type file struct {
	recipe.Model
	m *Model
}

func (f file) Encode(e *recipe.Encoder) { f.m.Encode(e) }

// A small file must not make its reader take much memory, whatever it claims. Not
// parallel: it measures memory.
func TestDecodeOfHugeFactors(t *testing.T) {
	r := recipe.Recipe{Name: "factors", Decode: func(d *recipe.Decoder) (recipe.Model, error) {
		return file{m: Decode(d, 1)}, d.Err()
	}}
	for _, k := range []int{256, 4096} {
		var b bytes.Buffer
		if err := r.Save(&b, file{m: &Model{Factors: k, Unobserved: 0.1, Items: make([]float32, k)}}); err != nil {
			t.Fatal(err)
		}
		h, d, err := recipe.Open(&b)
		if err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err = r.Load(h, d)
		runtime.ReadMemStats(&after)
		if got := (after.TotalAlloc - before.TotalAlloc) >> 20; got > 64 {
			t.Errorf("%d factors of one item take %d MiB", k, got)
		}
		if refused := err != nil; refused != (k > 256) {
			t.Errorf("%d factors: error %v", k, err)
		}
	}
}
