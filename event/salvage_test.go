package event_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"bespoke/awsapi/wire"
	"bespoke/event"
)

// logged is what a service has logged.
type logged struct {
	mu  sync.Mutex
	out bytes.Buffer
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.Write(b)
}

// take returns what came since the last call.
func (l *logged) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.out.Reset()
	return l.out.String()
}

func (l *logged) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// frames returns where each frame of a segment begins, and its end.
func frames(content []byte) (at []int) {
	i := 20 + int(binary.LittleEndian.Uint32(content[12:]))
	for i < len(content) {
		at = append(at, i)
		i += 8 + int(binary.LittleEndian.Uint32(content[i:]))
	}
	return append(at, i)
}

// aside returns the files that were set aside.
func (f *fixture) aside() []string {
	f.Helper()
	paths, err := filepath.Glob(filepath.Join(f.dir, "events", "*", "*.damaged"))
	f.must(err)
	return paths
}

// What is damaged before whole records is no torn write. Of the segment all whole records
// remain, and the file as it was is kept.
func TestDamagedRecord(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(content []byte, from, to int) []byte{
		"bit":    func(b []byte, from, to int) []byte { return flipped(b, to-2) },
		"length": func(b []byte, from, to int) []byte { return flipped(b, from) },
		"great length": func(b []byte, from, to int) []byte {
			return flipped(b, from+3)
		},
		"checksum": func(b []byte, from, to int) []byte { return flipped(b, from+4) },
		"zeros": func(b []byte, from, to int) []byte {
			b = slices.Clone(b)
			clear(b[from:to])
			return b
		},
		"missing": func(b []byte, from, to int) []byte { return slices.Delete(slices.Clone(b), from+5, to-1) },
	} {
		for _, newest := range []bool{true, false} {
			t.Run(fmt.Sprint(name, "/", newest), func(t *testing.T) {
				t.Parallel()
				var log logged
				f := open(t, func(c *event.Config) { c.Logger = log.logger() })
				d := f.tracked("shop", plainSchema)
				f.must(f.click("a"))
				f.must(f.put("shop", "u", "s", wire.Event{EventType: "c", ItemId: "b1", SentAt: at(1)}, wire.Event{EventType: "c", ItemId: "b2", SentAt: at(1)}))
				f.must(f.click("c"))
				rows, live := []string{"u,a,1,put,s", "u,c,1,put,s"}, []string{"a@1", "c@1"}
				if !newest {
					f.restart()
					f.must(f.click("d"))
					rows, live = append(rows, "u,d,1,put,s"), append(live, "d@1")
				}
				f.stop()
				path := f.segments()[0]
				whole, err := os.ReadFile(path)
				f.must(err)
				log.take()
				starts := frames(whole)
				damaged := damage(whole, starts[1], starts[2])
				f.must(os.WriteFile(path, damaged, 0o600))
				f.start()
				f.listed(f.recent(d, "u", 9), live...)
				kept := f.aside()
				if len(kept) != 1 {
					t.Fatalf("set aside: %q", kept)
				}
				if b, err := os.ReadFile(kept[0]); err != nil || !bytes.Equal(b, damaged) {
					t.Errorf("what was set aside is not what was there: %v", err)
				}
				text := log.take()
				for _, want := range []string{"level=ERROR", "lost=2", "record=2", fmt.Sprint("at=", starts[1]), path, kept[0]} {
					if strings.Count(text, want) == 0 || strings.Count(text, "damaged:") != 1 {
						t.Errorf("the log lacks %q:\n%s", want, text)
					}
				}
				f.must(f.click("e")) // it goes on
				f.restart()
				if text := log.take(); strings.Contains(text, "damaged") || len(f.aside()) != 1 {
					t.Errorf("not mended for good:\n%s", text)
				}
				f.equal(f.rows(d), append(rows, "u,e,1,put,s")...)
			})
		}
	}
}

// What ends an older segment cannot be a torn write, since a newer one follows.
func TestDamagedEnd(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(content []byte) []byte{
		"flipped": func(b []byte) []byte { return flipped(b, len(b)-1) },
		"cut":     func(b []byte) []byte { return b[:len(b)-1] },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log logged
			f := open(t, func(c *event.Config) { c.Logger = log.logger() })
			d := f.tracked("shop", plainSchema)
			f.must(f.click("a"))
			f.must(f.click("b"))
			f.restart() // each start begins a segment
			f.must(f.click("c"))
			f.stop()
			path := f.segments()[0]
			whole, err := os.ReadFile(path)
			f.must(err)
			f.must(os.WriteFile(path, damage(whole), 0o600))
			f.start()
			if text := log.take(); !strings.Contains(text, "level=ERROR") || !strings.Contains(text, "lost=1") || len(f.aside()) != 1 {
				t.Errorf("logged:\n%s", text)
			}
			f.equal(f.rows(d), "u,a,1,put,s", "u,c,1,put,s")
		})
	}
}

// Without its header a segment cannot be read. It goes only where it has no whole record.
func TestDamagedHeader(t *testing.T) {
	t.Parallel()
	var log logged
	f := open(t, func(c *event.Config) { c.Logger = log.logger() })
	d := f.tracked("shop", plainSchema)
	f.must(f.click("a"))
	f.stop()
	path := f.segments()[0]
	whole, err := os.ReadFile(path)
	f.must(err)
	head := frames(whole)[0]
	f.must(os.Remove(path))
	f.start()
	f.must(f.service.Close(t.Context()))
	for name, content := range map[string][]byte{
		"magic": flipped(whole, 0), "length": flipped(whole, 14), "great length": flipped(whole, 15), "checksum": flipped(whole, 16), "text": flipped(whole, head-1),
		"zeros": append(make([]byte, head), whole[head:]...),
	} {
		f.must(os.WriteFile(path, content, 0o600))
		_, err := event.Open(t.Context(), event.Config{Dir: filepath.Join(f.dir, "events"), Store: f.store, Lake: f.lake})
		if err == nil || !strings.Contains(err.Error(), "and records follow: restore the file") {
			t.Errorf("%s: opened with %v", name, err)
		}
		if b, err := os.ReadFile(path); err != nil || !bytes.Equal(b, content) {
			t.Fatalf("%s: the file was changed: %v", name, err)
		}
	}
	f.must(errors.Join(f.lake.Close(), f.store.Close()))
	f.service = nil
	for name, content := range map[string][]byte{
		"empty": {}, "short": whole[:head-1], "zeros": make([]byte, 4096), "both": flipped(flipped(whole, 0), len(whole)-1),
	} {
		f.must(os.WriteFile(path, content, 0o600))
		log.take()
		f.start()
		f.listed(f.recent(d, "u", 9))
		f.stop()
		if text := log.take(); !strings.Contains(text, "level=WARN") || !strings.Contains(text, fmt.Sprint("bytes=", len(content))) || !strings.Contains(text, path) {
			t.Errorf("%s: logged\n%s", name, text)
		}
		want := 0
		if name == "both" { // this is not what a crash leaves
			want = 1
		}
		if n := len(f.aside()); n != want {
			t.Errorf("%s: %d files were set aside", name, n)
		}
		for _, p := range f.segments() {
			f.must(os.Remove(p))
		}
	}
	f.start()
}

// A data deletion takes what was set aside with it: it may have the user's records.
func TestPurgeTakesDamaged(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	d := f.tracked("shop", plainSchema)
	for _, user := range []string{"somebody", "somebody", "else"} {
		f.must(f.put("shop", user, "s", wire.Event{EventType: "c", ItemId: "i", SentAt: at(1)}))
	}
	f.stop()
	path := f.segments()[0]
	whole, err := os.ReadFile(path)
	f.must(err)
	f.must(os.WriteFile(path, flipped(whole, frames(whole)[1]+4), 0o600))
	f.start()
	if len(f.aside()) != 1 {
		t.Fatal("nothing was set aside")
	}
	_, err = f.service.Purge(t.Context(), d, func(r *event.Record) bool { return r.User == "somebody" })
	f.must(err)
	if found := holding(t, filepath.Join(f.dir, "events"), "somebody"); len(found) > 0 {
		t.Errorf("still in %s", found)
	}
}
