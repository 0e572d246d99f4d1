package storetest

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"bespoke"
	"bespoke/store"
)

var scope = bespoke.Scope{Partition: "aws", Region: "eu-west-1", Account: "123456789012"}

// clock is moved by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// tick moves the clock on by a second and returns the time as a store keeps it.
func (c *clock) tick() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Second)
	return c.now.UTC().Truncate(time.Millisecond)
}

// forward moves the clock on by d.
func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// fixture is a store with the steps that tests share.
type fixture struct {
	*testing.T
	Subject
	clock *clock
}

func (f *fixture) ok(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) equal(got, want any) {
	f.Helper()
	if !reflect.DeepEqual(got, want) {
		f.Fatalf("got  %+v\nwant %+v", got, want)
	}
}

// fails checks that err is, somewhere in its chain, an error equal to want.
func fails[E error](f *fixture, err error, want E) {
	f.Helper()
	got, ok := errors.AsType[E](err)
	if !ok || !reflect.DeepEqual(got, want) {
		f.Fatalf("got error %v, want %T %v", err, want, want)
	}
}

// queued checks that a step queues so many jobs.
func (f *fixture) queued(n int, step func()) {
	f.Helper()
	before := f.Waiting()
	step()
	if got := f.Waiting() - before; got != n {
		f.Fatalf("the step queued %d jobs, want %d", got, n)
	}
}

// group makes an ACTIVE group.
func (f *fixture) group(name string) bespoke.ARN {
	f.Helper()
	arn := scope.DatasetGroup(name)
	f.ok(f.CreateDatasetGroup(f.Context(), bespoke.DatasetGroup{Name: name, ARN: arn}, nil, 0))
	f.activate(arn)
	return arn
}

func (f *fixture) schema(name string) bespoke.ARN {
	f.Helper()
	arn := scope.Schema(name)
	f.ok(f.CreateSchema(f.Context(), bespoke.Schema{Name: name, ARN: arn, Text: "{}"}, 0))
	return arn
}

func dataset(group, schema bespoke.ARN, typ bespoke.DatasetType) bespoke.Dataset {
	return bespoke.Dataset{
		Name: "name", ARN: scope.Dataset(group.Name(), typ), GroupARN: group, SchemaARN: schema, Type: typ,
	}
}

// items makes an ACTIVE items dataset with a schema of its own in a new group.
func (f *fixture) items(group string) bespoke.ARN {
	f.Helper()
	d := dataset(f.group(group), f.schema(group+"-schema"), bespoke.Items)
	f.ok(f.CreateDataset(f.Context(), d, nil))
	f.activate(d.ARN)
	return d.ARN
}

func importJob(name string, dataset bespoke.ARN) bespoke.ImportJob {
	return bespoke.ImportJob{
		Name: name, ARN: scope.ImportJob(name), DatasetARN: dataset, Location: "s3://bucket/a.csv", Mode: bespoke.Full,
		Objects: []bespoke.Object{{Bucket: "bucket", Key: "a.csv", ETag: `"e"`, Size: 7}},
	}
}

// importing makes an import job and starts it.
func (f *fixture) importing(name string, dataset bespoke.ARN) bespoke.ARN {
	f.Helper()
	j := importJob(name, dataset)
	f.ok(f.CreateImportJob(f.Context(), j, nil, 0))
	f.ok(f.Move(f.Context(), j.ARN, bespoke.CreatePending, bespoke.CreateInProgress, ""))
	return j.ARN
}

func (f *fixture) activate(arn bespoke.ARN) {
	f.Helper()
	f.ok(f.Move(f.Context(), arn, bespoke.CreatePending, bespoke.CreateInProgress, ""))
	f.ok(f.Move(f.Context(), arn, bespoke.CreateInProgress, bespoke.Active, ""))
}

// gone checks that a resource and its tags do not exist.
func (f *fixture) gone(arn bespoke.ARN, err error) {
	f.Helper()
	fails(f, err, &store.NotFoundError{ARN: arn})
	if !errors.Is(err, store.ErrNotFound) {
		f.Fatalf("%v is not ErrNotFound", err)
	}
	_, err = f.Tags(f.Context(), arn)
	fails(f, err, &store.NotFoundError{ARN: arn})
}

func numbered(prefix string, n int) string { return fmt.Sprintf("%s-%03d", prefix, n) }
