package storetest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"bespoke"
	"bespoke/store"
)

const crowd = 32

// together calls step from many goroutines at once and returns how many
// succeeded. Each other one has to fail in the expected way.
func together(f *fixture, expected func(error) bool, step func(i int) error) int {
	var won atomic.Int64
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range crowd {
		wg.Go(func() {
			<-start
			switch err := step(i); {
			case err == nil:
				won.Add(1)
			case !expected(err):
				f.Errorf("unexpected error: %v", err)
			}
		})
	}
	close(start)
	wg.Wait()
	return int(won.Load())
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

func sameName(t *testing.T, f *fixture) {
	g := bespoke.DatasetGroup{Name: "shop", ARN: scope.DatasetGroup("shop")}
	f.queued(1, func() {
		f.equal(together(f, is[*store.ExistsError], func(int) error {
			return f.CreateDatasetGroup(t.Context(), g, []bespoke.Tag{{Key: "k"}}, 0)
		}), 1)
	})
}

func concurrentQuota(t *testing.T, f *fixture) {
	d := f.items("shop")
	f.queued(5, func() {
		f.equal(together(f, is[*store.LimitError], func(i int) error {
			return f.CreateImportJob(t.Context(), importJob(numbered("j", i), d), nil, 5)
		}), 5)
	})
}

func concurrentMove(t *testing.T, f *fixture) {
	arn := scope.DatasetGroup("shop")
	f.ok(f.CreateDatasetGroup(t.Context(), bespoke.DatasetGroup{Name: "shop", ARN: arn}, nil, 0))
	f.equal(together(f, is[*store.StateError], func(int) error {
		return f.Move(t.Context(), arn, bespoke.CreatePending, bespoke.CreateInProgress, "")
	}), 1)
}

func cancelled(t *testing.T, f *fixture) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f.queued(0, func() {
		err := f.CreateDatasetGroup(ctx, bespoke.DatasetGroup{Name: "shop", ARN: scope.DatasetGroup("shop")}, nil, 0)
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v, want context.Canceled", err)
		}
	})
	_, err := f.DatasetGroup(t.Context(), scope.DatasetGroup("shop"))
	f.gone(scope.DatasetGroup("shop"), err)
	f.group("shop") // the store still works
}
