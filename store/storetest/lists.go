package storetest

import (
	"slices"
	"testing"

	"bespoke"
	"bespoke/store"
)

// names pages through all schemas and returns their names. Between two pages
// it calls change.
func names(f *fixture, limit int, change func()) []string {
	f.Helper()
	var got []string
	page := store.Page{Limit: limit}
	for {
		items, next, err := f.Schemas(f.Context(), page)
		f.ok(err)
		if len(items) > limit {
			f.Fatalf("a page of %d has %d rows", limit, len(items))
		}
		for _, s := range items {
			got = append(got, s.Name)
		}
		if next.IsZero() {
			return got
		}
		page.After = next
		change()
	}
}

func listOrder(t *testing.T, f *fixture) {
	f.equal(names(f, 10, func() {}), []string(nil))
	var want []string
	for i := range 23 {
		if i%5 == 0 { // five at a time are made in the same millisecond
			f.clock.tick()
		}
		n := numbered("s", (i*7)%23) // not in the order of names
		f.schema(n)
		want = append(want, n)
	}
	slices.Reverse(want)
	for _, limit := range []int{1, 2, 5, 22, 23, 24, 100} {
		f.equal(names(f, limit, func() {}), want)
	}
}

func listByParent(t *testing.T, f *fixture) {
	ctx := t.Context()
	a, b := f.items("a"), f.items("b")
	f.ok(f.CreateDataset(ctx, dataset(scope.DatasetGroup("a"), scope.Schema("a-schema"), bespoke.Users), nil))
	for i, d := range []bespoke.ARN{a, b, a, a} {
		f.clock.tick()
		f.ok(f.CreateImportJob(ctx, importJob(numbered("j", i), d), nil, 0))
	}
	jobs := func(d bespoke.ARN) (got []string) {
		t.Helper()
		page := store.Page{Limit: 2}
		for {
			items, next, err := f.ImportJobs(ctx, d, page)
			f.ok(err)
			for _, j := range items {
				got = append(got, j.Name)
			}
			if page.After = next; next.IsZero() {
				return got
			}
		}
	}
	f.equal(jobs(a), []string{"j-003", "j-002", "j-000"})
	f.equal(jobs(b), []string{"j-001"})
	f.equal(jobs(""), []string{"j-003", "j-002", "j-001", "j-000"})
	f.equal(jobs(scope.Dataset("none", bespoke.Items)), []string(nil))

	for group, want := range map[bespoke.ARN]int{scope.DatasetGroup("a"): 2, scope.DatasetGroup("b"): 1, "": 3, "none": 0} {
		got, _, err := f.Datasets(ctx, group, store.Page{Limit: 100})
		f.ok(err)
		f.equal(len(got), want)
	}
	groups, _, err := f.DatasetGroups(ctx, store.Page{Limit: 1})
	f.ok(err)
	f.equal(groups[0].Name, "b")
}

// listWhileChanging makes and deletes rows between pages: rows that were there
// all the time come exactly once, in order.
func listWhileChanging(t *testing.T, f *fixture) {
	var want []string
	for i := range 30 {
		n := numbered("s", i)
		if f.schema(n); i%3 != 0 {
			want = append(want, n)
		}
	}
	slices.Reverse(want)
	made, deleted := 0, 27
	got := names(f, 4, func() {
		for range 2 { // in the same millisecond as all others, and later
			f.schema(numbered("new", made))
			made++
			f.clock.tick()
		}
		if deleted >= 0 {
			f.ok(f.DeleteSchema(t.Context(), scope.Schema(numbered("s", deleted))))
			deleted -= 3
		}
	})
	kept := slices.DeleteFunc(slices.Clone(got), func(n string) bool { return !slices.Contains(want, n) })
	f.equal(kept, want)
	for _, n := range got {
		if n[:3] == "new" {
			t.Errorf("%s was made after the first page and is listed", n)
		}
	}
}

func listBadLimit(t *testing.T, f *fixture) {
	for _, limit := range []int{0, -1} {
		if _, _, err := f.Schemas(t.Context(), store.Page{Limit: limit}); err == nil {
			t.Errorf("a page of %d rows was served", limit)
		}
	}
}
