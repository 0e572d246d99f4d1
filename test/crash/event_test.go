package crash_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"

	"bespoke"
	"bespoke/lake"
)

// sent is an event that a client has sent, and whether its call was answered.
type sent struct {
	item  string
	acked bool
}

// stream is clients that send events to one tracker, in several lives of a server.
type stream struct {
	*world
	tracking, dataset string

	mu  sync.Mutex
	all []sent
}

// TestKillDuringEvents kills the server while events come in and join their table, again
// and again. In the end every acknowledged event is in the dataset once, and every other
// one once or not at all.
func TestKillDuringEvents(t *testing.T) {
	t.Parallel()
	lives := max(2, *kills/5)
	if testing.Short() {
		lives = 2
	}
	first := *seed
	if first == 0 {
		first = rand.Uint64()
	}
	t.Logf("-crash.seed %d", first)
	dir := t.TempDir()
	f := &stream{world: &world{t: t, rng: rand.New(rand.NewPCG(first, 99)), data: filepath.Join(dir, "data"), log: filepath.Join(dir, "log"),
		statuses: map[string]string{}, tally: map[stage]int{}}}
	t.Cleanup(f.tellErrors)
	s := f.start()
	f.prepare(s)
	for life := range lives {
		f.live(s, life)
		f.readLog()
		s = f.start()
		f.counted(s)
	}
	f.must(s.stop())
	f.compare()
}

// tellErrors shows, of a test that has failed, what the servers logged as errors.
func (f *stream) tellErrors() {
	text, err := os.ReadFile(f.log)
	if !f.t.Failed() || err != nil {
		return
	}
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, "level=ERROR") || strings.Contains(line, "level=WARN") {
			f.t.Log(strings.TrimSpace(line))
		}
	}
}

// prepare makes an empty dataset with an event tracker.
func (f *stream) prepare(s *server) {
	f.t.Helper()
	ctx := f.t.Context()
	var made struct{ SchemaArn, EventTrackerArn, TrackingID string }
	f.must(s.call(ctx, "CreateSchema", fields{"name": "s", "schema": interactions.schema}, &made))
	group, err := s.createGroup(ctx, "stream")
	f.must(err)
	f.must(f.await(ctx, s, "DatasetGroup", group, "ACTIVE"))
	f.dataset, err = s.createDataset(ctx, group, bespoke.Interactions, made.SchemaArn)
	f.must(err)
	f.must(f.await(ctx, s, "Dataset", f.dataset, "ACTIVE"))
	f.must(s.call(ctx, "CreateEventTracker", fields{"name": "t", "datasetGroupArn": group}, &made))
	f.must(f.await(ctx, s, "EventTracker", made.EventTrackerArn, "ACTIVE"))
	f.tracking = made.TrackingID
}

// live sends events from four clients, has them join the table all the while, and kills
// the server in the midst.
func (f *stream) live(s *server, life int) {
	f.t.Helper()
	ctx, done := f.killable()
	var calls sync.WaitGroup
	for n := range 4 {
		calls.Go(func() {
			for i := 0; ; i++ {
				if !f.put(ctx, s, fmt.Sprintf("%d-%d-%d", life, n, i), 1+i%3) {
					return
				}
			}
		})
	}
	calls.Go(func() {
		for {
			var content any // asking what the dataset holds flushes its log
			if err := s.get(ctx, "datasets/stream/INTERACTIONS", &content); err != nil {
				f.unexpected(s, err)
				return
			}
		}
	})
	time.Sleep(50*time.Millisecond + time.Duration(f.rng.Float64()*float64(500*time.Millisecond))) // when the kill comes is what is drawn
	f.must(s.kill())
	done()
	calls.Wait()
}

// put sends a call of n events and reports whether it was answered with success.
func (f *stream) put(ctx context.Context, s *server, name string, n int) bool {
	var events []fields
	f.mu.Lock()
	from := len(f.all)
	for i := range n {
		item := fmt.Sprintf("%s-%d", name, i)
		events = append(events, fields{"eventType": "watch", "itemId": item, "sentAt": era})
		f.all = append(f.all, sent{item: item})
	}
	f.mu.Unlock()
	if err := s.post(ctx, "/events", fields{"trackingId": f.tracking, "userId": "u", "sessionId": "s", "eventList": events}, nil); err != nil {
		f.unexpected(s, err)
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range n {
		f.all[from+i].acked = true
	}
	return true
}

// counted checks the number of events that a server shows after a start.
func (f *stream) counted(s *server) {
	f.t.Helper()
	var content struct{ Rows struct{ Put int } }
	f.must(s.get(f.t.Context(), "datasets/stream/INTERACTIONS", &content))
	acked := 0
	for _, e := range f.all {
		if e.acked {
			acked++
		}
	}
	if content.Rows.Put < acked || content.Rows.Put > len(f.all) {
		f.t.Errorf("%d events, of %d that were sent and %d that were acknowledged", content.Rows.Put, len(f.all), acked)
	}
}

// compare reads the table of a server that has ended.
func (f *stream) compare() {
	f.t.Helper()
	r, err := openRest(f.t.Context(), f.data, f.t.TempDir())
	f.must(err)
	defer func() { f.must(r.close()) }()
	table, err := r.lake.Table(f.t.Context(), bespoke.ARN(f.dataset))
	f.must(err)
	got := map[string]int{}
	for b, err := range table.Scan(f.t.Context(), []string{"ITEM_ID"}, lake.Put) {
		f.must(err)
		for i := range int(b.Record.NumRows()) {
			if !b.Dead.Has(i) {
				got[b.Record.Column(0).(*array.String).Value(i)]++
			}
		}
	}
	acked, unknown := 0, 0
	for _, e := range f.all {
		n := got[e.item]
		delete(got, e.item)
		switch {
		case e.acked && n != 1:
			f.t.Errorf("the acknowledged event %s is there %d times", e.item, n)
		case n > 1:
			f.t.Errorf("the event %s, whose answer was lost, is there %d times", e.item, n)
		case e.acked:
			acked++
		default:
			unknown += n
		}
	}
	if len(got) > 0 {
		f.t.Errorf("events that nobody sent: %v", got)
	}
	f.t.Logf("%d events acknowledged, %d more there, of %d sent", acked, unknown, len(f.all))
	if acked == 0 {
		f.t.Error("no event was acknowledged")
	}
}
