package event_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"bespoke"
	"bespoke/awsapi/wire"
	"bespoke/event"
)

// segments returns the paths of all segments, oldest first.
func (f *fixture) segments() []string {
	f.Helper()
	paths, err := filepath.Glob(filepath.Join(f.dir, "events", "*", "*"))
	f.must(err)
	slices.Sort(paths)
	return paths
}

func (f *fixture) click(item string) error {
	return f.put("shop", "u", "s", wire.Event{EventType: "c", ItemId: item, SentAt: at(1)})
}

// Whatever a crash leaves behind the last whole frame of the newest segment is cut off.
func TestTornTail(t *testing.T) {
	t.Parallel()
	var log logged
	f := open(t, func(c *event.Config) { c.Logger = log.logger() })
	d := f.tracked("shop", plainSchema)
	f.must(f.click("a"))
	f.must(f.click("b"))
	f.stop()
	path := f.segments()[0]
	whole, err := os.ReadFile(path)
	f.must(err)
	half := len(whole) / 2 // in the header
	last := frames(whole)[1]
	for n, content := range map[string][]byte{
		"zeros":          append(slices.Clone(whole), make([]byte, 4096)...),
		"half":           append(slices.Clone(whole), whole[len(whole)-20:]...),
		"length":         append(slices.Clone(whole), 0xFF, 0xFF, 0xFF),
		"last frame cut": whole[:len(whole)-1],
		"flipped":        flipped(whole, len(whole)-3),
		"header":         whole[:half],
		"empty":          {},
	} {
		f.must(os.WriteFile(path, content, 0o600))
		log.take()
		f.start()
		want, cut := "a@1 b@1", len(content)-len(whole)
		switch n {
		case "last frame cut", "flipped":
			want, cut = "a@1", len(content)-last
		case "header", "empty":
			want, cut = "", len(content)
		}
		if text := log.take(); !strings.Contains(text, "level=WARN") || !strings.Contains(text, fmt.Sprintf("bytes=%d\n", cut)) || !strings.Contains(text, path) || len(f.aside()) > 0 {
			t.Errorf("%s: logged\n%s", n, text)
		}
		if s := strings.Join(f.recent(d, "u", 9), " "); s != want {
			t.Errorf("%s: read %q, want %q", n, s, want)
		}
		f.must(f.click("c")) // it goes on
		f.stop()
		for _, p := range f.segments()[1:] {
			f.must(os.Remove(p))
		}
	}
	f.must(os.WriteFile(path, whole, 0o600))
	f.start()
	f.must(f.click("c"))
	f.equal(f.rows(d), "u,a,1,put,s", "u,b,1,put,s", "u,c,1,put,s")
}

func flipped(b []byte, i int) []byte {
	b = slices.Clone(b)
	b[i] ^= 1
	return b
}

// A log that lacks a part or that is not what it seems is not opened.
func TestDamagedLog(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	d := f.tracked("shop", plainSchema)
	for i := range 3 {
		f.must(f.click(fmt.Sprint(i)))
		f.restart() // each start begins a segment
	}
	f.stop()
	paths := f.segments()
	if len(paths) != 3 {
		t.Fatalf("segments %s", paths)
	}
	whole, err := os.ReadFile(paths[1])
	f.must(err)
	try := func(content []byte, text string) {
		t.Helper()
		if content == nil {
			f.must(os.Remove(paths[1]))
		} else {
			f.must(os.WriteFile(paths[1], content, 0o600))
		}
		_, err := event.Open(t.Context(), event.Config{Dir: filepath.Join(f.dir, "events"), Store: f.store, Lake: f.lake})
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("opened with %v, want %q", err, text)
		}
	}
	f.start()
	f.must(f.service.Close(t.Context()))
	try(whole[:20], "it is damaged; restore it")
	try(nil, "records are missing")
	newer := slices.Clone(whole)
	newer[8] = 2
	try(newer, "it has version 2, this program reads version 1")
	f.must(os.WriteFile(paths[1], whole, 0o600))
	f.must(os.WriteFile(filepath.Join(f.dir, "events", "stray"), nil, 0o600))
	try(whole, "is not the log of a dataset")
	f.must(os.Remove(filepath.Join(f.dir, "events", "stray")))
	f.must(errors.Join(f.lake.Close(), f.store.Close()))
	f.start()
	f.equal(f.rows(d), "u,0,1,put,s", "u,1,1,put,s", "u,2,1,put,s")
}

// A log that was lost, or restored from an older copy, does not give numbers again that
// the table has.
func TestLogBehindTable(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	d := f.tracked("shop", plainSchema)
	f.must(f.click("a"))
	f.stop()
	old, err := os.ReadFile(f.segments()[0])
	f.must(err)
	path := f.segments()[0]
	f.start()
	f.must(f.click("b"))
	f.must(f.click("c"))
	f.equal(f.rows(d), "u,a,1,put,s", "u,b,1,put,s", "u,c,1,put,s")
	f.stop()
	for _, p := range f.segments() {
		f.must(os.Remove(p))
	}
	f.must(os.WriteFile(path, old, 0o600))
	f.start()
	f.must(f.click("d"))
	f.restart()
	f.equal(f.rows(d), "u,a,1,put,s", "u,b,1,put,s", "u,c,1,put,s", "u,d,1,put,s")
}

// Segments go once their records are in the table and newer ones fill live state.
func TestSegmentsGo(t *testing.T) {
	t.Parallel()
	f := open(t, func(c *event.Config) { c.SegmentBytes, c.TailRecords = 1, 5 })
	d := f.tracked("shop", plainSchema)
	for i := range 12 {
		f.must(f.click(fmt.Sprint(i)))
	}
	if n := len(f.segments()); n != 12 {
		t.Errorf("%d segments before, want one for each record", n)
	}
	f.must(f.service.Flush(t.Context(), d))
	if n := len(f.segments()); n != 5 {
		t.Errorf("%d segments after, want those of live state", n)
	}
	f.restart()
	f.listed(f.recent(d, "u", 9), "7@1", "8@1", "9@1", "10@1", "11@1")
	if got := f.rows(d); len(got) != 12 {
		t.Errorf("rows %s", got)
	}
}

// alone reports whether the test has a process of its own. Where it has not, it gets one
// and fails with it: a limit on the size of files is the process's.
func alone(t *testing.T) bool {
	t.Helper()
	if os.Getenv("BESPOKE_TEST_ALONE") != "" {
		signal.Ignore(syscall.SIGXFSZ)
		return true
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), "BESPOKE_TEST_ALONE=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return false
}

// limitFiles has writes fail beyond so many bytes of a file.
func limitFiles(t *testing.T, most uint64) {
	t.Helper()
	var l syscall.Rlimit
	err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &l)
	if l.Cur = min(most, l.Max); err == nil {
		err = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &l)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A disk without room: the calls are refused with an error that SDKs retry, nothing of
// them is kept, and everything goes on once there is room.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	if !alone(t) {
		return
	}
	f := open(t, nil)
	d := f.tracked("shop", plainSchema)
	var want []string
	ok := func(item string) {
		t.Helper()
		f.must(f.click(item))
		want = append(want, "u,"+item+",1,put,s")
	}
	for i := range 3 {
		ok(fmt.Sprint("a", i))
		st, err := os.Stat(f.segments()[len(f.segments())-1])
		f.must(err)
		limitFiles(t, uint64(st.Size())+10) // room for a part of a frame
		f.refused(f.click("lost"), bespoke.Unavailable, "Try again")
		limitFiles(t, 10) // not even a header
		f.refused(f.click("lost"), bespoke.Unavailable, "Try again")
		limitFiles(t, ^uint64(0))
		ok(fmt.Sprint("b", i))
		if i == 1 {
			f.restart()
		}
	}
	f.equal(f.rows(d), want...)
	f.restart()
	f.equal(f.rows(d), want...)
}
