package event_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"bespoke/awsapi/wire"
	"bespoke/event"
)

// contents returns the files below the folder of the logs by their paths.
func (f *fixture) contents() map[string]string {
	f.Helper()
	paths, err := filepath.Glob(filepath.Join(f.dir, "events", "*", "*"))
	f.must(err)
	all := map[string]string{}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		f.must(err)
		all[path] = string(b)
	}
	return all
}

// A segment that cannot be written anew stays as it is, and is written anew once that
// goes. The devices stand for a disk: of one without room, and of one that takes what
// is written and fails to keep it.
func TestPurgeMeetsFullDisk(t *testing.T) {
	t.Parallel()
	for name, device := range map[string]string{"write": "/dev/full", "sync": "/dev/null"} {
		for nth := range 3 {
			t.Run(fmt.Sprint(name, "/", nth), func(t *testing.T) {
				t.Parallel()
				if _, err := os.Stat(device); err != nil {
					t.Skip(err)
				}
				f := open(t, func(c *event.Config) { c.SegmentBytes = 1 })
				d := f.tracked("shop", plainSchema)
				click := func(user, item string) {
					t.Helper()
					f.must(f.put("shop", user, "s", wire.Event{EventType: "c", EventId: item, ItemId: item, SentAt: at(1)}))
				}
				purge := func() error {
					_, err := f.service.Purge(t.Context(), d, func(r *event.Record) bool { return r.User == "somebody" })
					return err
				}
				for i := range 3 {
					f.must(f.put("shop", "somebody", "s", wire.Event{EventType: "c", ItemId: fmt.Sprint("theirs", i), SentAt: at(1)}))
				}
				for i := range 3 {
					click("else", fmt.Sprint("a", i))
				}
				f.rows(d) // they join the table, and the log is as Purge finds it
				path := f.segments()[nth]
				before := f.contents()
				for range 2 {
					f.must(os.Symlink(device, path+".tmp"))
					if err := purge(); err == nil || !strings.Contains(err.Error(), path) {
						t.Fatalf("purged with %v, want an error about %s", err, path)
					}
					after := f.contents()
					for p, old := range before {
						if p >= path && after[p] != old || len(after) != len(before) {
							t.Errorf("%s was changed", p)
						}
					}
				}
				f.listed(f.recent(d, "else", 9), "a0@1", "a1@1", "a2@1")
				click("else", "a1") // is known still
				click("else", "b")
				check := func() {
					t.Helper()
					f.listed(f.recent(d, "else", 9), "a0@1", "a1@1", "a2@1", "b@1")
					f.equal(f.rows(d), "else,a0,1,put,s", "else,a1,1,put,s", "else,a2,1,put,s", "else,b,1,put,s",
						"somebody,theirs0,1,put,s", "somebody,theirs1,1,put,s", "somebody,theirs2,1,put,s")
				}
				check()
				f.restart()
				check()
				f.must(purge())
				if found := holding(t, filepath.Join(f.dir, "events"), "somebody"); len(found) > 0 {
					t.Errorf("still in %s", found)
				}
				f.listed(f.recent(d, "somebody", 9))
				f.restart()
				check()
			})
		}
	}
}

// A damaged segment that cannot be mended stays as it is, without which the log is not
// opened, and is mended once that goes. However often it is tried, it is set aside once.
func TestMendMeetsFullDisk(t *testing.T) {
	t.Parallel()
	if !alone(t) {
		return
	}
	f := open(t, nil)
	d := f.tracked("shop", plainSchema)
	f.must(f.click("a"))
	var lost []wire.Event
	for range 10 {
		lost = append(lost, wire.Event{EventType: "c", ItemId: "lost", SentAt: at(1)})
	}
	f.must(f.put("shop", "u", "s", lost...))
	f.restart() // each start begins a segment
	f.must(f.click("b"))
	f.must(f.service.Close(t.Context()))
	path := f.segments()[0]
	whole, err := os.ReadFile(path)
	f.must(err)
	// What says that the records are gone takes more than what is left of them.
	damaged := whole[:frames(whole)[1]+1]
	f.must(os.WriteFile(path, damaged, 0o600))
	before := f.contents()
	for range 3 {
		limitFiles(t, uint64(len(damaged)+10))
		_, err := event.Open(t.Context(), event.Config{Dir: filepath.Join(f.dir, "events"), Store: f.store, Lake: f.lake})
		limitFiles(t, ^uint64(0))
		if !errors.Is(err, syscall.EFBIG) || !strings.Contains(err.Error(), path) {
			t.Fatalf("opened with %v, want an error about %s", err, path)
		}
		after := f.contents()
		for _, p := range f.aside() {
			if len(f.aside()) > 1 || after[p] != string(damaged) {
				t.Errorf("set aside: %q", f.aside())
			}
			delete(after, p)
		}
		if !maps.Equal(before, after) {
			t.Fatal("the log was changed")
		}
	}
	f.must(errors.Join(f.lake.Close(), f.store.Close()))
	f.service = nil
	f.start()
	f.listed(f.recent(d, "u", 9), "a@1", "b@1")
	kept := f.aside()
	if len(kept) != 1 {
		t.Fatalf("set aside: %q", kept)
	}
	if b, err := os.ReadFile(kept[0]); err != nil || !bytes.Equal(b, damaged) {
		t.Errorf("what was set aside is not what was there: %v", err)
	}
	f.must(f.click("c"))
	f.restart()
	f.equal(f.rows(d), "u,a,1,put,s", "u,b,1,put,s", "u,c,1,put,s")
}
