package event

import (
	"os"
	"syscall"
)

// syncFile brings a file's content to the disk, and of its metadata only what is
// needed to read that.
func syncFile(f *os.File) error {
	for {
		if err := syscall.Fdatasync(int(f.Fd())); err != syscall.EINTR {
			return os.NewSyscallError("fdatasync", err)
		}
	}
}
