package control_test

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"log/slog"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"bespoke"
	"bespoke/artifact"
	"bespoke/awsapi/wire"
	"bespoke/blob"
	"bespoke/control"
	"bespoke/devcloud"
	"bespoke/event"
	"bespoke/iam"
	"bespoke/job"
	"bespoke/lake"
	"bespoke/serve"
	"bespoke/store/sqlite"
)

var (
	scope = bespoke.Scope{Partition: "aws", Region: "us-east-1", Account: "000000000000"}
	root  = bespoke.Caller{ARN: scope.Root()}
)

const (
	bucket = "shop-data"
	// patience is how long a test waits for what has to happen.
	patience = time.Minute
)

type accessFunc = func(ctx context.Context, roleARN string, caller bespoke.Caller) (control.Objects, error)

// fixture is the control plane with everything behind it real: SQLite, Iceberg
// tables, an S3 endpoint and roles, each of its own. Jobs run where the test
// asks for it, by run or by advance.
type fixture struct {
	testing.TB
	wire.Handlers
	ctx     context.Context // of a request by the root user
	service *control.Service
	store   *sqlite.Store
	events  *event.Service
	tables  *lake.Lake
	models  string       // folder
	ahead   atomic.Int64 // of the real time, what the store takes for it
	runtime *serve.Server
	iam     *iam.Store
	s3      *s3.Client
	s3URL   string
	objects *blob.Store // with all rights
	scratch string      // where imports may spill
	access  atomic.Pointer[accessFunc]
	cfg     control.Config
	dead    atomic.Bool                                   // what ends a run is not written down
	failing atomic.Pointer[func(call func() error) error] // how calls of the store go, nil where they just go
	ended   chan control.ImportProgress                   // imports that were observed
}

// open makes an empty control plane. Change may be nil.
func open(tb testing.TB, change func(*control.Config)) *fixture {
	tb.Helper()
	return openIn(tb, tb.TempDir(), change)
}

// openIn makes a control plane in a folder of the test's, with the tables in
// its folder lake.
func openIn(tb testing.TB, dir string, change func(*control.Config)) *fixture {
	tb.Helper()
	log := slog.New(slog.NewTextHandler(tb.Output(), nil))
	f := &fixture{TB: tb, ctx: bespoke.WithCaller(tb.Context(), root), ended: make(chan control.ImportProgress, 100)}
	f.models = filepath.Join(dir, "models")
	f.openStorage(dir)
	var err error
	f.store, err = sqlite.Open(tb.Context(), sqlite.Config{Path: filepath.Join(dir, "meta.db"), Logger: log, Now: func() time.Time {
		return time.Now().Add(time.Duration(f.ahead.Load()))
	}})
	f.must(err)
	tb.Cleanup(func() { f.store.Close() })
	f.tables, err = lake.Open(tb.Context(), lake.Config{Dir: filepath.Join(dir, "lake"), Log: log})
	f.must(err)
	tb.Cleanup(func() { f.tables.Close() })
	f.events, err = event.Open(tb.Context(), event.Config{Dir: filepath.Join(dir, "events"), Store: f.store, Lake: f.tables, Logger: log, KeepSnapshots: time.Hour,
		Joined: func(ctx context.Context, dataset bespoke.ARN, last uint64, read func(after uint64) iter.Seq2[*event.Record, error]) error {
			return f.service.AttributeRecords(ctx, dataset, last, read)
		},
	})
	f.must(err)
	tb.Cleanup(func() { f.must(f.events.Close(context.Background())) })
	f.scratch = tb.TempDir()
	f.cfg = control.Config{
		Records: f.events,
		Scope:   scope, Store: dying{f.store, f}, Lake: f.tables, Limits: bespoke.GenerousLimits(), TokenKey: []byte("sixteen bytes or more"),
		Access: func(ctx context.Context, roleARN string, caller bespoke.Caller) (control.Objects, error) {
			return (*f.access.Load())(ctx, roleARN, caller)
		},
		TempDir: f.scratch, MaxBadRows: 5, Workers: 2, Memory: 16 << 20, KeepSnapshots: time.Hour, Logger: log,
		Now:     func() time.Time { return time.Now().Add(time.Duration(f.ahead.Load())) },
		Observe: func(p control.ImportProgress) { f.ended <- p },
	}
	if change != nil {
		change(&f.cfg)
	}
	f.start()
	return f
}

// start makes the control plane and the runtime from what is on the disk. Done
// again, it is as after a SIGKILL to those who keep models and what they are asked for.
func (f *fixture) start() {
	f.Helper()
	var err error
	f.cfg.Models, err = artifact.OpenFolder(f.models)
	f.must(err)
	f.runtime, err = serve.New(serve.Config{Models: f.cfg.Models, Campaign: f.store.Campaign, Live: serve.Events{Log: f.events, Scope: scope}})
	f.must(err)
	f.cfg.Serve = f.runtime
	f.service, err = control.New(f.cfg)
	f.must(err)
	f.Handlers = f.service.Handlers()
	f.runtime.Bind(&f.Handlers)
	f.events.Handle(&f.Handlers)
	f.must(f.service.DeployAll(f.ctx))
}

// openStorage starts S3 with one bucket.
func (f *fixture) openStorage(dir string) {
	f.Helper()
	var err error
	f.iam, err = iam.Open(iam.Config{Dir: dir, Scope: scope})
	f.must(err)
	endpoint, err := devcloud.OpenS3(f.Context(), devcloud.S3Config{
		Dir: filepath.Join(dir, "buckets"), Access: "AKIAEXAMPLE", Secret: "an example of a secret", IAM: f.iam,
	})
	f.must(err)
	f.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := endpoint.Close(ctx); err != nil {
			f.Error(err)
		}
	})
	f.s3URL = endpoint.URL()
	f.s3 = blob.NewClient(f.s3URL, scope.Region, "AKIAEXAMPLE", "an example of a secret")
	f.objects = blob.New(blob.Config{Client: f.s3})
	f.use(blob.NewLocal(blob.LocalConfig{IAM: f.iam, Client: f.s3, Reader: endpoint.Reader()}))
	_, err = f.s3.CreateBucket(f.ctx, &s3.CreateBucketInput{Bucket: aws.String(bucket)})
	f.must(err)
}

// use makes imports read through r from now on and returns what they read
// through before.
func (f *fixture) use(r *blob.Resolver) (before *accessFunc) {
	access := accessFunc(func(ctx context.Context, roleARN string, caller bespoke.Caller) (control.Objects, error) {
		return r.Open(ctx, roleARN, caller)
	})
	return f.access.Swap(&access)
}

func (f *fixture) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

// run runs jobs until the end of the test, with quick retries, as long as
// attempts are left.
func (f *fixture) run(attempts int) {
	f.Helper()
	r, err := job.NewRunner(job.Config{
		Queue: f.store.Queue(), Handle: f.service.Advance, OnGiveUp: f.service.GiveUp, Attempts: attempts,
		MinBackoff: time.Millisecond, MaxBackoff: 5 * time.Millisecond, Logger: slog.New(slog.NewTextHandler(f.Output(), nil)),
	})
	f.must(err)
	f.must(r.Start(context.WithoutCancel(f.Context())))
	f.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := r.Stop(ctx); err != nil {
			f.Error(err)
		}
	})
}

// advance does by hand what the resource's job does.
func (f *fixture) advance(arn string) {
	f.Helper()
	f.must(f.service.Advance(f.Context(), bespoke.ARN(arn)))
}

// put stores an object and returns its location.
func (f *fixture) put(key, content string) string {
	f.Helper()
	o, err := f.objects.Put(f.ctx, bucket, key, strings.NewReader(content))
	f.must(err)
	return o.String()
}

// strays returns files of a dataset's table that none of its snapshots leads to,
// and what imports have left in their scratch space.
func (f *fixture) strays(dataset string) []string {
	f.Helper()
	table, err := f.tables.Table(f.ctx, bespoke.ARN(dataset))
	f.must(err)
	known := map[string]bool{}
	snapshots, err := table.Snapshots(f.ctx)
	f.must(err)
	for _, s := range snapshots {
		for b, err := range s.Scan(f.ctx, []string{"USER_ID"}, "") {
			f.must(err)
			known[b.Path] = true
		}
	}
	var strays []string
	for _, dir := range []string{table.DataDir(), f.scratch} {
		f.must(filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && !known[path] && !strings.HasPrefix(d.Name(), "deletes-") {
				strays = append(strays, path)
			}
			return err
		}))
	}
	return strays
}

// refused checks that err is a refusal with the code whose text contains each
// of texts.
func (f *fixture) refused(err error, code bespoke.Code, texts ...string) {
	f.Helper()
	e, ok := errors.AsType[*bespoke.Error](err)
	if !ok || e.Code != code {
		f.Fatalf("got %v, want a %s", err, code)
	}
	for _, text := range texts {
		if !strings.Contains(e.Msg, text) {
			f.Errorf("the message lacks %q: %s", text, e.Msg)
		}
	}
}

// poll asks state again and again until it says that it is done.
func (f *fixture) poll(what string, done func() bool) {
	f.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !done(); <-tick.C {
		if time.Now().After(deadline) {
			f.Fatalf("%s: nothing happened for %s", what, patience)
		}
	}
}
