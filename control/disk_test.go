package control_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"bespoke"
	"bespoke/control"
)

// With this variable set, the test runs in a process of its own, which has
// file systems or limits of its own.
const ownProcess = "BESPOKE_TEST_OWN_PROCESS"

// inOwnProcess reports whether the test runs in a process of its own. Where it
// does not, it is run in one, with the clone flags, and that is all there is to
// it. A process that the system refuses to make skips the test.
func inOwnProcess(t *testing.T, flags uintptr) bool {
	t.Helper()
	if os.Getenv(ownProcess) == t.Name() {
		return true
	}
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), ownProcess+"="+t.Name())
	if flags != 0 {
		one := []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		groups := []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: flags, UidMappings: one, GidMappings: groups}
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Skipf("this system makes no process with file systems of its own: %v", err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v:\n%s", err, &out)
	} else if strings.Contains(out.String(), "--- SKIP") {
		t.Skip(out.String())
	}
	return false
}

// mount puts a tmpfs of so many KiB at a folder, or changes the size of the one
// there.
func mount(t *testing.T, dir string, kib int, flags uintptr) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", flags, fmt.Sprintf("size=%dk", kib)); err != nil {
		t.Skipf("this system mounts no tmpfs: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) }) // it may be unmounted already
}

// free returns how many bytes there is room for.
func free(t *testing.T, dir string) int64 {
	t.Helper()
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		t.Fatal(err)
	}
	return int64(st.Bavail) * st.Bsize
}

// incompressible returns n interactions of 200 random bytes each.
func incompressible(n int) string {
	rng := rand.NewChaCha8([32]byte{1})
	b := make([]byte, 100)
	var text strings.Builder
	text.WriteString(header)
	for i := range n {
		rng.Read(b)
		fmt.Fprintf(&text, "%x,i%d,%d\n", b, i%13, 1_700_000_000+i)
	}
	return text.String()
}

// TestDiskFull has real file systems without room, at every step of an import,
// and without the right to write.
func TestDiskFull(t *testing.T) {
	if !inOwnProcess(t, syscall.CLONE_NEWNS|syscall.CLONE_NEWUSER) {
		return
	}
	dir := t.TempDir()
	tables := filepath.Join(dir, "lake")
	mount(t, tables, 3<<10, 0)
	f := openIn(t, dir, func(c *control.Config) {
		c.MaxBadShare, c.RejectedDir = 1, t.TempDir()
	})
	dataset := f.dataset("shop", "Interactions", interactions)
	f.imported("first", dataset, three, bespoke.Active)
	before := f.lines(dataset)
	unchanged := func(what string) {
		t.Helper()
		if got := f.lines(dataset); !maps.Equal(got, before) {
			t.Errorf("%s: the dataset shows %v, want %v", what, got, before)
		}
		if left := f.strays(dataset); len(left) > 0 {
			t.Errorf("%s: files are left: %q", what, left)
		}
	}
	big := incompressible(30_000)
	j := f.imported("big", dataset, big, bespoke.CreateFailed)
	if !strings.Contains(j.FailureReason, "no room for the job (no space left on device)") {
		t.Errorf("the reason is %s", j.FailureReason)
	}
	unchanged("no room for the rows")

	// Ever less room, until nothing fits: what was told is true at each size.
	filler, err := os.Create(filepath.Join(tables, "filler"))
	f.must(err)
	failed, again := 0, 0
	for room := int64(120 << 10); room >= 0; room -= 4 << 10 {
		if more := free(t, tables) - room; more > 0 {
			_, err := filler.Write(make([]byte, more))
			f.must(err)
		}
		name := fmt.Sprint("room-", room)
		arn := f.accepted(name, dataset, f.put(name+".csv", header+name+",i,1\n"))
		err := f.service.Advance(f.ctx, bespoke.ARN(arn))
		j := f.job(arn)
		switch {
		case err == nil && j.Status == "ACTIVE":
			before = map[string]int{name + ",i,1": 1}
		case err == nil && j.Status == "CREATE FAILED" && strings.Contains(j.FailureReason, "no room"):
			failed++
		case err != nil && j.Status == "CREATE IN_PROGRESS": // tried again once there is room
			again++
			f.must(filler.Truncate(0))
			_, err = filler.Seek(0, 0)
			f.must(err)
			f.advance(arn)
			if j := f.job(arn); j.Status != "ACTIVE" {
				t.Errorf("%s: with room it is %s: %s", name, j.Status, j.FailureReason)
			}
			before = map[string]int{name + ",i,1": 1}
		default:
			t.Errorf("%s: %v; the job is %s: %s", name, err, j.Status, j.FailureReason)
		}
		unchanged(name)
	}
	if t.Logf("%d jobs had no room, %d were run again", failed, again); failed == 0 {
		t.Error("everything fit")
	}
	f.must(errors.Join(filler.Close(), os.Remove(filler.Name())))

	// A table that cannot be written to, and then can again.
	table, err := f.tables.Table(f.ctx, bespoke.ARN(dataset))
	f.must(err)
	arn := f.accepted("locked", dataset, f.put("locked.csv", three))
	mount(t, table.DataDir(), 64, syscall.MS_RDONLY)
	err = f.service.Advance(f.ctx, bespoke.ARN(arn))
	if j := f.job(arn); !errors.Is(err, syscall.EROFS) || j.Status != "CREATE IN_PROGRESS" {
		t.Errorf("a table that is read-only: %v; the job is %s: %s", err, j.Status, j.FailureReason)
	}
	f.must(syscall.Unmount(table.DataDir(), 0))
	given := f.accepted("given-up", dataset, f.put("given-up.csv", three))
	f.must(f.service.GiveUp(f.ctx, bespoke.ARN(given), err))
	if j := f.job(given); j.Status != "CREATE FAILED" || !strings.Contains(j.FailureReason, "read-only file system") {
		t.Errorf("given up, the job is %s: %s", j.Status, j.FailureReason)
	}
	f.advance(arn)
	before = f.lines(dataset)
	if j := f.job(arn); j.Status != "ACTIVE" || len(before) != 3 {
		t.Errorf("the job is %s: %s; %v", j.Status, j.FailureReason, before)
	}

	// Scratch space without room, and read-only, for the rows that are left out.
	mount(t, f.scratch, 64, 0)
	bad := header + strings.Repeat("u1,"+strings.Repeat("x", 900)+",1\n", 1000)
	if j := f.imported("scratch", dataset, bad, bespoke.CreateFailed); !strings.Contains(j.FailureReason, "no room") {
		t.Errorf("the reason is %s", j.FailureReason)
	}
	unchanged("no scratch space")
	f.must(syscall.Unmount(f.scratch, 0))
	mount(t, f.scratch, 64, syscall.MS_RDONLY)
	arn = f.accepted("scratch-locked", dataset, f.put("bad.csv", header+"u1,i1,1\nu2,i2,x\n"))
	if err := f.service.Advance(f.ctx, bespoke.ARN(arn)); !errors.Is(err, syscall.EROFS) {
		t.Errorf("scratch space that is read-only: %v", err)
	}
	unchanged("read-only scratch space")
	f.must(syscall.Unmount(f.scratch, 0))
	f.advance(arn)
	if got := f.lines(dataset); len(got) != 1 {
		t.Errorf("with scratch space the dataset shows %v", got)
	}

	mount(t, tables, 64<<10, syscall.MS_REMOUNT)
	f.imported("big-again", dataset, big, bespoke.Active)
	if got := f.lines(dataset); len(got) != 30_000 {
		t.Errorf("with room the dataset has %d rows", len(got))
	}
}

// TestFileTooLarge limits the size of a file, which needs no rights: a data
// file that grows beyond it fails the import.
func TestFileTooLarge(t *testing.T) {
	if !inOwnProcess(t, 0) {
		return
	}
	signal.Ignore(syscall.SIGXFSZ)
	f := open(t, nil)
	dataset := f.dataset("shop", "Interactions", interactions)
	f.imported("first", dataset, three, bespoke.Active)
	arn := f.accepted("big", dataset, f.put("big.csv", incompressible(30_000)))
	var limit syscall.Rlimit
	f.must(syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit))
	limit.Cur = 2 << 20
	f.must(syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit))
	f.advance(arn)
	if j := f.job(arn); j.Status != "CREATE FAILED" || !strings.Contains(j.FailureReason, "no room for the job (file too large)") {
		t.Errorf("the job is %s: %s", j.Status, j.FailureReason)
	}
	if got, left := f.lines(dataset), f.strays(dataset); len(got) != 3 || len(left) > 0 {
		t.Errorf("the dataset shows %v, and files are left: %q", got, left)
	}
}

// TestFolderFull has everything on one file system without room, the metadata
// too: a call or a step that cannot be written down is an error, and whatever
// the job's status in the end, the rows are in line with it.
func TestFolderFull(t *testing.T) {
	if !inOwnProcess(t, syscall.CLONE_NEWNS|syscall.CLONE_NEWUSER) {
		return
	}
	dir := t.TempDir()
	mount(t, dir, 8<<10, 0)
	f := openIn(t, dir, nil)
	dataset := f.dataset("shop", "Interactions", interactions)
	f.imported("first", dataset, three, bespoke.Active)
	before := f.lines(dataset)
	filler, err := os.Create(filepath.Join(dir, "filler"))
	f.must(err)
	defer filler.Close()
	outcomes := map[string]int{}
	for i := range 14 {
		room := int64(i) * 12 << 10
		name := fmt.Sprint("room-", room)
		location := f.put(name+".csv", header+name+",i,1\n")
		arn := ""
		early := i%2 == 0 // before the call, or after it
		if !early {
			arn = f.accepted(name, dataset, location)
		}
		if more := free(t, dir) - room; more > 0 {
			_, err := filler.Write(make([]byte, more))
			f.must(err)
		}
		if early {
			if arn, err = f.importJob(name, dataset, location); err != nil {
				arn = ""
				outcomes["call"]++
			}
		}
		var failed error
		if arn != "" {
			failed = f.service.Advance(f.ctx, bespoke.ARN(arn))
		}
		f.must(filler.Truncate(0))
		_, err = filler.Seek(0, 0)
		f.must(err)
		if arn == "" {
			continue
		}
		if failed != nil {
			outcomes["step"]++
			f.advance(arn)
		}
		j := f.job(arn)
		if j.Status == "ACTIVE" {
			before = map[string]int{name + ",i,1": 1}
		} else if j.Status != "CREATE FAILED" || !strings.Contains(j.FailureReason, "no room") {
			t.Errorf("%s: the job is %s: %s", name, j.Status, j.FailureReason)
		}
		outcomes[j.Status]++
		if got, left := f.lines(dataset), f.strays(dataset); !maps.Equal(got, before) || len(left) > 0 {
			t.Errorf("%s is %s, the dataset shows %v, want %v; files are left: %q", name, j.Status, got, before, left)
		}
	}
	if t.Log(outcomes); outcomes["CREATE FAILED"]+outcomes["step"] == 0 {
		t.Error("everything fit")
	}
}
