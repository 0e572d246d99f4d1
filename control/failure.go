package control

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"bespoke"
	"bespoke/blob"
)

// failure tells what ends a job with a reason, a fault of the data or a disk
// without room, from a fault that may pass, which is an error and tried again.
func failure(err error) (reason string, _ error) {
	if e, ok := errors.AsType[*bespoke.Error](err); ok {
		return e.Msg, nil
	}
	for _, full := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG} {
		if errors.Is(err, full) {
			return fmt.Sprintf("The server's disk has no room for the job (%s). Have the operator free some in the data folder, and try again.", full), nil
		}
	}
	return "", err
}

// exhausted is the reason of a resource that is given up after err, again and
// again. What a client can do something about is in it; the rest is in the log.
func exhausted(err error) string {
	if errors.Is(err, blob.ErrUnavailable) {
		return fmt.Sprintf("S3 did not answer, although the server has tried for minutes: %s. See that S3 is up and reachable from the server, then try again.", strings.TrimSuffix(err.Error(), "."))
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Sprintf("The server cannot use its data folder: %v. Have the operator see to it, then try again.", e.Err)
	}
	return "The server could not complete this; its log has the cause. Try again once the operator has mended it."
}
