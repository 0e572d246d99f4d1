package catalog_test

import (
	"slices"
	"testing"

	"bespoke/recipe/catalog"
)

func TestAll(t *testing.T) {
	t.Parallel()
	var names []string
	for _, r := range catalog.All() {
		names = append(names, r.Name)
		for _, p := range r.Params {
			p.OnlyTuned = false
			if err := p.Check(p.Default); err != nil {
				t.Errorf("%s: the default of %s: %v", r.Name, p.Name, err)
			}
		}
	}
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("names %q are not sorted or not unique", names)
	}
}
