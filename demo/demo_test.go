package demo_test

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"bespoke"
	"bespoke/demo"
)

// The default shop, made once: it is immutable.
var shop = func() *demo.Shop {
	s, err := demo.New(demo.Config{})
	if err != nil {
		panic(err)
	}
	return s
}()

func TestSameSeedSameBytes(t *testing.T) {
	t.Parallel()
	again, err := demo.New(demo.Config{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	other, err := demo.New(demo.Config{Seed: 2})
	if err != nil {
		t.Fatal(err)
	}
	// A change of these sums means that everybody's demo data changes.
	sums := map[string]string{
		"interactions.csv": "e0f4711a9a0a39e8",
		"items.csv":        "1baabb6ba0f59a21",
		"users.csv":        "00471fda1e006043",
	}
	for i, f := range shop.Files() {
		first, second := text(t, f), text(t, again.Files()[i])
		if first != second {
			t.Errorf("%s: two shops of one seed differ", f.Name)
		}
		if first == text(t, other.Files()[i]) {
			t.Errorf("%s: two seeds give the same data", f.Name)
		}
		sum := sha256.Sum256([]byte(first))
		if got := hex.EncodeToString(sum[:8]); got != sums[f.Name] {
			t.Errorf("%s: sha256 starts with %s, want %s", f.Name, got, sums[f.Name])
		}
	}
}

// TestFiles reads every file back by the rules of its own schema.
func TestFiles(t *testing.T) {
	t.Parallel()
	want := map[bespoke.DatasetType]int{bespoke.Interactions: 120_000, bespoke.Items: 1200, bespoke.Users: 2000}
	for _, f := range shop.Files() {
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			rows, err := csv.NewReader(strings.NewReader(text(t, f))).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			if len(rows)-1 != want[f.Type] || f.Rows != want[f.Type] {
				t.Errorf("%d rows, File says %d; want %d", len(rows)-1, f.Rows, want[f.Type])
			}
			fields := schemaFields(t, f.Schema)
			for col, name := range rows[0] {
				if name != fields[col].name {
					t.Fatalf("column %d is %s; the schema has %s", col, name, fields[col].name)
				}
			}
			keys := map[string]bool{}
			for i, row := range rows[1:] {
				for col, cell := range row {
					if err := fields[col].check(cell); err != nil {
						t.Fatalf("row %d: %v", i, err)
					}
				}
				key := row[0]
				if f.Type == bespoke.Interactions {
					key = strings.Join(row, ",")
				}
				if keys[key] {
					t.Fatalf("row %d: %s is there twice", i, key)
				}
				keys[key] = true
			}
		})
	}
}

func TestTitlesAreUniqueAndRead(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, it := range shop.Items {
		if seen[it.Title] || strings.Contains(it.Title, "  ") || len(it.Title) < 6 || len(it.Title) > 90 {
			t.Errorf("%s has the title %q", it.ID, it.Title)
		}
		seen[it.Title] = true
	}
}

// TestTime checks that history is in order and that nothing is watched before
// it is out.
func TestTime(t *testing.T) {
	t.Parallel()
	last := map[int]int64{}
	for i, e := range shop.Interactions {
		if i > 0 && e.Time < shop.Interactions[i-1].Time {
			t.Fatalf("interaction %d is older than the one before", i)
		}
		if e.Time <= last[e.User] {
			t.Fatalf("user %d has two interactions at %d", e.User, e.Time)
		}
		last[e.User] = e.Time
		if it := shop.Items[e.Item]; e.Time < it.Released {
			t.Fatalf("%s is seen at %d, before its release at %d", it.Title, e.Time, it.Released)
		}
	}
	first := shop.Interactions[0].Time
	if days := (shop.Interactions[len(shop.Interactions)-1].Time - first) / 86400; days < 700 || days > 731 {
		t.Errorf("history covers %d days, want two years", days)
	}
}

// TestPopularityIsSkewed: a few titles and a few users make most of the
// traffic, yet nearly every title is found by somebody.
func TestPopularityIsSkewed(t *testing.T) {
	t.Parallel()
	items, users := make([]int, len(shop.Items)), make([]int, len(shop.Users))
	for _, e := range shop.Interactions {
		items[e.Item]++
		users[e.User]++
	}
	if n := slices.Min(users); n < 20 {
		t.Errorf("some user has %d interactions, want at least 20", n)
	}
	if p := topTenth(users); p < 18 || p > 50 {
		t.Errorf("the busiest tenth of users makes %d%% of the traffic", p)
	}
	if p := topTenth(items); p < 35 || p > 80 {
		t.Errorf("the most popular tenth of items draws %d%% of the traffic", p)
	}
	unseen := 0
	for _, n := range items {
		if n == 0 {
			unseen++
		}
	}
	if unseen > len(items)/25 {
		t.Errorf("%d of %d items were never opened", unseen, len(items))
	}
}

// TestOrderCarriesSignal: the next item is far easier to tell from the one
// before than from popularity, and history drifts. Both are what sequence
// models live on.
func TestOrderCarriesSignal(t *testing.T) {
	t.Parallel()
	type step struct{ from, to int }
	follows, total := map[step]int{}, map[int]int{}
	views := make([]int, len(shop.Items))
	last := map[int]int{}
	sameGenre, steps, series, seriesOn := 0, 0, 0, 0
	for _, e := range shop.Interactions {
		if !e.Watch {
			continue
		}
		views[e.Item]++
		if from, ok := last[e.User]; ok && from != e.Item {
			steps++
			follows[step{from, e.Item}]++
			total[from]++
			a, b := shop.Items[from], shop.Items[e.Item]
			if a.Genres[0] == b.Genres[0] {
				sameGenre++
			}
			if a.Part > 0 && from+1 < len(shop.Items) && shop.Items[from+1].Series == a.Series {
				series++
				if e.Item == from+1 {
					seriesOn++
				}
			}
		}
		last[e.User] = e.Item
	}
	best := map[int]int{}
	for s, n := range follows {
		best[s.from] = max(best[s.from], n)
	}
	hits := 0
	for _, n := range best {
		hits += n
	}
	if got, pop := hits*1000/steps, slices.Max(views)*1000/steps; got < 5*pop {
		t.Errorf("the likeliest follower is right in %d of 1000 steps, the most popular item in %d; want five times as many", got, pop)
	}
	if p := sameGenre * 100 / steps; p < 50 || p > 90 {
		t.Errorf("%d%% of steps stay in the genre; want most, not all", p)
	}
	if p := seriesOn * 100 / series; p < 25 || p > 75 {
		t.Errorf("%d%% of steps after a part of a series go to the next part", p)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	f := func(cfg demo.Config, want string) {
		t.Helper()
		_, err := demo.New(cfg)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New(%+v) = %v, want an error with %q", cfg, err, want)
		}
	}
	f(demo.Config{Users: -1}, "-1 users")
	f(demo.Config{Items: 3}, "3 items")
	f(demo.Config{Users: 100, Interactions: 1999}, "1999 interactions for 100 users; want at least 20 a user")
}

// TestSmallest makes the smallest shops: thin shelves are where a choice could
// find nothing to choose from.
func TestSmallest(t *testing.T) {
	t.Parallel()
	for seed := uint64(1); seed <= 20; seed++ {
		s, err := demo.New(demo.Config{Seed: seed, Users: 3, Items: 100, Interactions: 60})
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Items) != 100 || len(s.Interactions) != 60 {
			t.Fatalf("seed %d: %d items, %d interactions", seed, len(s.Items), len(s.Interactions))
		}
	}
}

func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := demo.New(demo.Config{}); err != nil {
			b.Fatal(err)
		}
	}
}

func text(t *testing.T, f demo.File) string {
	t.Helper()
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// topTenth returns what share of the sum, in percent, the largest tenth of counts
// has.
func topTenth(counts []int) int {
	c := slices.SortedFunc(slices.Values(counts), func(a, b int) int { return cmp.Compare(b, a) })
	top, all := 0, 0
	for i, n := range c {
		if i < len(c)/10 {
			top += n
		}
		all += n
	}
	return top * 100 / all
}

type field struct {
	name, kind string
	nullable   bool
}

func schemaFields(t *testing.T, text string) []field {
	t.Helper()
	var s struct {
		Fields []struct {
			Name string
			Type any
		}
	}
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		t.Fatal(err)
	}
	var fields []field
	for _, f := range s.Fields {
		switch kind := f.Type.(type) {
		case string:
			fields = append(fields, field{f.Name, kind, false})
		case []any:
			fields = append(fields, field{f.Name, kind[1].(string), true})
		}
	}
	return fields
}

func (f field) check(cell string) error {
	var err error
	switch {
	case cell == "" && f.nullable:
	case cell == "":
		return fmt.Errorf("%s is empty", f.name)
	case f.kind == "long":
		_, err = strconv.ParseInt(cell, 10, 64)
	case f.kind == "float":
		_, err = strconv.ParseFloat(cell, 32)
	case len(cell) > 1000:
		return fmt.Errorf("%s has %d bytes", f.name, len(cell))
	}
	return err
}
