package main

import "testing"

func TestThreads(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ processors, procs, want int }{
		{1, 1, 2},
		{2, 2, 4},
		{64, 64, 68},
		{64, 2, 2}, // a quota of two
		{2, 8, 8},
	} {
		if got := threads(test.processors, test.procs); got != test.want {
			t.Errorf("%d processors, %d used: %d threads, want %d", test.processors, test.procs, got, test.want)
		}
	}
}
