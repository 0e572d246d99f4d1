package main

import (
	"context"
	"math"
	"runtime"
	"runtime/debug"
	"sync"

	"bespoke"
)

// memory keeps the Go runtime's memory limit above what models take. The limit
// is there for imports, which need little beside what lives on; below the size
// of the models, it would have the collector run without a pause. While a model
// is trained there is no limit: how much that takes depends on the data.
type memory struct {
	mu        sync.Mutex
	trainings int
}

// beside is what everything but models may take.
const beside = memoryLimit - 64<<20

// around returns handle with the limit moved for jobs that change models.
func (m *memory) around(handle func(context.Context, bespoke.ARN) error) func(context.Context, bespoke.ARN) error {
	return func(ctx context.Context, arn bespoke.ARN) error {
		switch arn.Kind() {
		case "solution-version":
			m.add(1)
			defer m.add(-1)
		case "campaign":
			defer m.add(0)
		}
		return handle(ctx, arn)
	}
}

// hold is for work that changes models outside of jobs: the limit is back, for
// the models that there are then, once end was called.
func (m *memory) hold() (end func()) {
	m.add(1)
	return func() { m.add(-1) }
}

// add counts a training that begins or ends, and sets the limit.
func (m *memory) add(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.trainings += n
	if m.trainings > 0 {
		debug.SetMemoryLimit(math.MaxInt64)
		return
	}
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	debug.SetMemoryLimit(max(memoryLimit, int64(s.HeapAlloc)+beside))
}
