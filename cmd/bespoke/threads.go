package main

import "runtime"

// spareThreads is how many threads more than processors run Go code, at most.
const spareThreads = 4

// threads returns how many threads are to run Go code on a machine of so many
// processors, of which the runtime by itself uses procs.
//
// With one each, a thread that the kernel makes wait for another process, such as a
// client on the same machine, holds up the requests that it has taken while another
// processor may have nothing to do. The same goes for a thread that trains. Where the
// runtime uses fewer than there are it keeps to a quota of processor time, which more
// threads would only use up sooner.
func threads(processors, procs int) int {
	if procs != processors {
		return procs
	}
	return processors + min(processors, spareThreads)
}

// addThreads makes it so, unless the environment says how many. Its result restores
// what was.
func addThreads(getenv func(string) string) (restore func()) {
	if getenv("GOMAXPROCS") != "" {
		return func() {}
	}
	procs := runtime.GOMAXPROCS(0)
	runtime.GOMAXPROCS(threads(runtime.NumCPU(), procs))
	return func() { runtime.GOMAXPROCS(procs) }
}
