package job_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"bespoke"
	"bespoke/job"
)

// BenchmarkPickUp is the time from a commit to the first line of the handler.
func BenchmarkPickUp(b *testing.B) {
	f := open(b)
	ran := make(chan struct{}, 1)
	f.start(job.Config{Handle: func(context.Context, bespoke.ARN) error {
		ran <- struct{}{}
		return nil
	}})
	var total, worst time.Duration
	for i := 0; b.Loop(); i++ {
		tx, err := f.db.BeginTx(b.Context(), nil)
		if err != nil {
			b.Fatal(err)
		}
		if err := f.queue.Insert(b.Context(), tx, scope.DatasetGroup(fmt.Sprint("g", i))); err != nil {
			b.Fatal(err)
		}
		if err := tx.Commit(); err != nil {
			b.Fatal(err)
		}
		began := time.Now()
		f.queue.Wake()
		wait(f, ran)
		took := time.Since(began)
		total, worst = total+took, max(worst, took)
	}
	b.ReportMetric(float64(total.Microseconds())/float64(b.N)/1000, "ms/pickup")
	b.ReportMetric(float64(worst.Microseconds())/1000, "ms/worst")
}
