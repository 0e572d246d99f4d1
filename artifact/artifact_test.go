package artifact_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bespoke"
	"bespoke/artifact"
	"bespoke/history"
	"bespoke/recipe"
	"bespoke/recipe/catalog"
	"bespoke/recipe/recipetest"
)

var version = bespoke.Scope{Partition: "aws", Region: "eu-west-1", Account: "123456789012"}.Solution("shop") + "/0a1b2c3d"

// small is an artifact of a few users, one of whom has more interactions than
// are kept, with metadata of two items.
func small(t *testing.T) *artifact.Artifact {
	t.Helper()
	var long strings.Builder
	long.WriteString("busy:")
	for i := range artifact.MaxHistory + 50 {
		long.WriteString(fmt.Sprintf(" i%d", i%7))
	}
	in := recipe.Input{
		Interactions: recipetest.History(t, "ann: i0 i1", long.String(), "bob: i2"),
		Items: &history.Metadata{IDs: history.NewDictionary("i1", "new"), Columns: []history.Column{
			{Name: "GENRE", Categorical: true, Text: []string{"Drama|Comedy", ""}}, {Name: "PRICE", Number: []float64{2.5, 3}},
			{Name: "PLOT", Textual: true, Text: []string{strings.Repeat("\U0001F600", 20_000), ""}}, // as long as imports let it be
			{Name: "CREATION_TIMESTAMP", Number: []float64{777, math.NaN()}},
		}},
	}
	r, _ := catalog.Find("aws-popularity-count")
	m, err := r.Fit(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	r.Explore = recipe.ExploreBy(0.3, 30)
	a := artifact.New(r, m, in)
	a.New = []artifact.Item{{ID: "later", Created: 1 << 40, Takers: 3}}
	return a
}

// TestAges: an item is as old as its metadata says, else as its oldest
// interaction, else as the newest of all.
func TestAges(t *testing.T) {
	t.Parallel()
	a := small(t)
	f := func(id string, created int64, takers uint32) {
		t.Helper()
		n, _ := a.Model.Items().Lookup(id)
		if a.Created[n] != created || a.Takers[n] != takers {
			t.Errorf("%s was created at %d and %d users took it, want %d and %d", id, a.Created[n], a.Takers[n], created, takers)
		}
	}
	f("i0", 1_000_001, 2)
	f("i1", 777, 2)
	f("i6", 1_000_009, 1)
	f("new", a.Newest, 0)
}

func TestHistory(t *testing.T) {
	t.Parallel()
	a := small(t)
	f := func(user string, n int, last string) {
		t.Helper()
		events, known := a.History(user, 3)
		if len(events) != n || known != (n > 0) || cap(events) < n+3 {
			t.Fatalf("%s has %d events, room for %d, %t", user, len(events), cap(events), known)
		}
		for i := range events[:max(n-1, 0)] {
			if events[i].Time > events[i+1].Time {
				t.Fatalf("%s: event %d is newer than the next", user, i)
			}
		}
		if n > 0 && a.Model.Items().ID(events[n-1].Item) != last {
			t.Errorf("%s: the newest event is of %s", user, a.Model.Items().ID(events[n-1].Item))
		}
	}
	f("ann", 2, "i1")
	f("bob", 1, "i2")
	f("busy", artifact.MaxHistory, fmt.Sprint("i", (artifact.MaxHistory+49)%7))
	f("nobody", 0, "")
}

func TestPublish(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "models")
	folder, err := artifact.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := folder.Load(version); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("loaded what is not there: %v", err)
	}
	want := small(t)
	for range 2 { // the second replaces the first
		if err := folder.Publish(version, want); err != nil {
			t.Fatal(err)
		}
	}
	got, err := folder.Load(version)
	if err != nil {
		t.Fatal(err)
	}
	var first, second bytes.Buffer
	if err := errors.Join(want.Write(&first), got.Write(&second)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("what was loaded is not what was published")
	}
	c, ok := got.Items.Column("GENRE")
	if !ok || !c.Categorical || c.Text[0] != "Drama|Comedy" || len(got.New) != 1 || got.New[0] != want.New[0] || got.Newest != want.Newest {
		t.Errorf("the metadata is %+v", got.Items)
	}
	// What a crash leaves half written goes at the next start.
	if err := os.WriteFile(filepath.Join(dir, "123.tmp"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if folder, err = artifact.OpenFolder(dir); err != nil {
		t.Fatal(err)
	}
	names := func() (out []string) {
		files, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			out = append(out, f.Name())
		}
		return out
	}
	if got := fmt.Sprint(names()); got != "[shop.0a1b2c3d.model]" {
		t.Errorf("the folder has %s", got)
	}
	keep := true
	sweep := func(name string) (bool, error) {
		if name != "shop/0a1b2c3d" {
			t.Errorf("asked for %s", name)
		}
		return keep, nil
	}
	if err := folder.Sweep(sweep); err != nil || len(names()) != 1 {
		t.Errorf("the sweep leaves %v, %v", names(), err)
	}
	keep = false
	if err := folder.Sweep(sweep); err != nil || len(names()) != 0 {
		t.Errorf("the sweep leaves %v, %v", names(), err)
	}
	if err := folder.Remove(version); err != nil {
		t.Error(err)
	}
}

// TestReadRefuses reads files that are damaged, cut short or of another
// version.
func TestReadRefuses(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := small(t).Write(&b); err != nil {
		t.Fatal(err)
	}
	file := b.String()
	for n := range len(file) {
		if n%97 == 0 { // each would take long
			if _, err := artifact.Read(strings.NewReader(file[:n])); err == nil {
				t.Fatalf("read the first %d of %d bytes", n, len(file))
			}
			flipped := []byte(file)
			flipped[n] ^= 0x40
			if _, err := artifact.Read(bytes.NewReader(flipped)); err == nil {
				t.Fatalf("read with byte %d damaged", n)
			}
		}
	}
	other := strings.Replace(file, "popularity", "unheard-of", 1)
	if _, err := artifact.Read(strings.NewReader(other)); err == nil || !strings.Contains(err.Error(), "does not have") {
		t.Errorf("another recipe: %v", err)
	}
}
