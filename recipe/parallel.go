package recipe

import (
	"context"
	"sync"
	"sync/atomic"
)

// Blocks calls do for the blocks of [0, n), on several goroutines. Which of them
// gets which block is chance, so a result may depend on the block alone. It
// stops between blocks when ctx is done and returns ctx's error.
func Blocks(ctx context.Context, workers, n, block int, do func(from, to int)) error {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(max(workers, 1), (n+block-1)/block) {
		wg.Go(func() {
			for ctx.Err() == nil {
				to := int(next.Add(int64(block)))
				if to-block >= n {
					return
				}
				do(to-block, min(to, n))
			}
		})
	}
	wg.Wait()
	return ctx.Err()
}
