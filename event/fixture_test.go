package event_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bespoke"
	"bespoke/awsapi/wire"
	"bespoke/event"
	"bespoke/lake"
	"bespoke/store/sqlite"
)

var scope = bespoke.Scope{Partition: "aws", Region: "us-east-1", Account: "000000000000"}

const (
	interactionSchema = `{"type":"record","name":"Interactions","fields":[
		{"name":"USER_ID","type":"string"},{"name":"ITEM_ID","type":"string"},{"name":"EVENT_TYPE","type":"string"},
		{"name":"EVENT_VALUE","type":["null","float"]},{"name":"TIMESTAMP","type":"long"},
		{"name":"NUM_RATINGS","type":["null","int"]},{"name":"DEVICE","type":["null","string"],"categorical":true}]}`
	plainSchema = `{"type":"record","name":"Interactions","fields":[
		{"name":"USER_ID","type":"string"},{"name":"ITEM_ID","type":"string"},{"name":"TIMESTAMP","type":"long"}]}`
	wideSchema = `{"type":"record","name":"Interactions","fields":[
		{"name":"USER_ID","type":"string"},{"name":"ITEM_ID","type":"string"},{"name":"TIMESTAMP","type":"long"},
		{"name":"IMPRESSION","type":["null","string"]},{"name":"RECOMMENDATION_ID","type":["null","string"]},
		{"name":"EVENT_ATTRIBUTION_SOURCE","type":["string","null"]}]}`
	itemSchema = `{"type":"record","name":"Items","fields":[
		{"name":"ITEM_ID","type":"string"},{"name":"CATEGORY_L1","type":["null","string"],"categorical":true},{"name":"PRICE","type":"double"},
		{"name":"IN_STOCK","type":["null","boolean"]},{"name":"CREATION_TIMESTAMP","type":["null","long"]}]}`
	moreItemSchema = `{"type":"record","name":"Items","fields":[{"name":"BRAND","type":["null","string"]},
		{"name":"ITEM_ID","type":"string"},{"name":"CATEGORY_L1","type":["null","string"],"categorical":true},{"name":"PRICE","type":"double"},
		{"name":"IN_STOCK","type":["null","boolean"]},{"name":"CREATION_TIMESTAMP","type":["null","long"]}]}`
	userSchema    = `{"type":"record","name":"Users","fields":[{"name":"USER_ID","type":"string"},{"name":"AGE","type":["null","int"]}]}`
	actionSchema  = `{"type":"record","name":"Actions","fields":[{"name":"ACTION_ID","type":"string"},{"name":"VALUE","type":["null","long"]},{"name":"KIND","type":["null","string"],"categorical":true}]}`
	actedOnSchema = `{"type":"record","name":"ActionInteractions","fields":[{"name":"USER_ID","type":"string"},{"name":"ACTION_ID","type":"string"},
		{"name":"EVENT_TYPE","type":"string"},{"name":"TIMESTAMP","type":"long"}]}`
)

// fixture is the service on real metadata and real tables in one folder.
type fixture struct {
	*testing.T
	wire.Handlers
	dir     string
	store   *sqlite.Store
	lake    *lake.Lake
	service *event.Service
	change  func(*event.Config)
}

func open(t *testing.T, change func(*event.Config)) *fixture {
	t.Helper()
	f := &fixture{T: t, dir: t.TempDir(), change: change}
	f.start()
	t.Cleanup(f.stop)
	return f
}

func (f *fixture) start() {
	f.Helper()
	log := slog.New(slog.NewTextHandler(f.Output(), nil))
	var err error
	f.store, err = sqlite.Open(f.Context(), sqlite.Config{Path: filepath.Join(f.dir, "meta.db"), Logger: log})
	f.must(err)
	f.lake, err = lake.Open(f.Context(), lake.Config{Dir: filepath.Join(f.dir, "lake"), Log: log})
	f.must(err)
	cfg := event.Config{Dir: filepath.Join(f.dir, "events"), Store: f.store, Lake: f.lake, Logger: log, FlushAge: time.Hour, KeepSnapshots: time.Hour}
	if f.change != nil {
		f.change(&cfg)
	}
	f.service, err = event.Open(f.Context(), cfg)
	f.must(err)
	f.service.Handle(&f.Handlers)
}

func (f *fixture) stop() {
	if f.service == nil {
		return
	}
	if err := errors.Join(f.service.Close(context.Background()), f.lake.Close(), f.store.Close()); err != nil {
		f.Error(err)
	}
	f.service = nil
}

// restart is what a crash and a new start do, if the crash loses nothing that was synced.
func (f *fixture) restart() {
	f.Helper()
	f.stop()
	f.start()
}

func (f *fixture) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) activate(arn bespoke.ARN) {
	f.Helper()
	f.must(f.store.Move(f.Context(), arn, bespoke.CreatePending, bespoke.CreateInProgress, ""))
	f.must(f.store.Move(f.Context(), arn, bespoke.CreateInProgress, bespoke.Active, ""))
}

// dataset makes a dataset that is ACTIVE, with its group if need be. The tracking ID of
// action interactions is "of-actions".
func (f *fixture) dataset(group string, typ bespoke.DatasetType, text string) bespoke.ARN {
	f.Helper()
	g := scope.DatasetGroup(group)
	if _, err := f.store.DatasetGroup(f.Context(), g); err != nil {
		f.must(f.store.CreateDatasetGroup(f.Context(), bespoke.DatasetGroup{Name: group, ARN: g}, nil, 0))
		f.activate(g)
	}
	s := f.schema(group+"-"+string(typ), text)
	d := bespoke.Dataset{Name: "d", ARN: scope.Dataset(group, typ), GroupARN: g, SchemaARN: s, Type: typ}
	if typ == bespoke.ActionInteractions {
		d.TrackingID = "of-actions"
	}
	f.must(f.store.CreateDataset(f.Context(), d, nil))
	_, err := f.lake.Create(f.Context(), d.ARN, parsed(f.T, text))
	f.must(err)
	f.activate(d.ARN)
	return d.ARN
}

func (f *fixture) schema(name, text string) bespoke.ARN {
	f.Helper()
	arn := scope.Schema(name)
	f.must(f.store.CreateSchema(f.Context(), bespoke.Schema{Name: name, ARN: arn, Text: text}, 0))
	return arn
}

// tracked makes an interactions dataset with a tracker whose tracking ID is the group's name.
func (f *fixture) tracked(group, text string) bespoke.ARN {
	f.Helper()
	d := f.dataset(group, bespoke.Interactions, text)
	e := bespoke.EventTracker{Name: "t", ARN: scope.EventTracker(group), GroupARN: scope.DatasetGroup(group), TrackingID: group}
	f.must(f.store.CreateEventTracker(f.Context(), e, d, nil))
	f.activate(e.ARN)
	return d
}

func at(sec int64) wire.Timestamp { return wire.Timestamp{Time: time.Unix(sec, 999e6).UTC()} }

// put sends events of one user, "" for none, in a session.
func (f *fixture) put(tracking, user, session string, events ...wire.Event) error {
	return f.PutEvents(f.Context(), &wire.PutEventsRequest{TrackingId: tracking, UserId: user, SessionId: session, EventList: events})
}

// rows flushes a dataset and returns its rows as sorted text, but for their arrival,
// which must be of today.
func (f *fixture) rows(dataset bespoke.ARN) []string {
	f.Helper()
	f.must(f.service.Flush(f.Context(), dataset))
	t, err := f.lake.Table(f.Context(), dataset)
	f.must(err)
	out := []string{}
	for b, err := range t.Scan(f.Context(), nil, "") {
		f.must(err)
		for i := range int(b.Record.NumRows()) {
			if b.Dead.Has(i) {
				continue
			}
			var cells []string
			for c, a := range b.Record.Columns() {
				cell := a.ValueStr(i)
				if a.IsNull(i) {
					cell = "-"
				}
				if b.Record.ColumnName(c) == lake.ArrivedColumn {
					if ms := fmt.Sprint(time.Now().UnixMilli()); len(cell) != len(ms) || cell[:4] != ms[:4] {
						f.Errorf("arrived at %s", cell)
					}
					continue
				}
				cells = append(cells, cell)
			}
			out = append(out, strings.Join(cells, ","))
		}
	}
	slices.Sort(out)
	return out
}

func (f *fixture) equal(got []string, want ...string) {
	f.Helper()
	slices.Sort(want)
	if !slices.Equal(got, want) {
		f.Errorf("got\n%q\nwant\n%q", got, want)
	}
}

// listed compares in order.
func (f *fixture) listed(got []string, want ...string) {
	f.Helper()
	if strings.Join(got, " ") != strings.Join(want, " ") {
		f.Errorf("got %q, want %q", got, want)
	}
}

// refused checks that err is a refusal with the code whose text has all of texts.
func (f *fixture) refused(err error, code bespoke.Code, texts ...string) {
	f.Helper()
	e, ok := errors.AsType[*bespoke.Error](err)
	if !ok || e.Code != code {
		f.Errorf("got %v, want a %s", err, code)
		return
	}
	for _, text := range texts {
		if !strings.Contains(e.Msg, text) {
			f.Errorf("the message lacks %q: %s", text, e.Msg)
		}
	}
}

// recent returns the recent events of a user or session as item@time.
func (f *fixture) recent(dataset bespoke.ARN, id string, limit int) []string {
	f.Helper()
	list := f.service.Recent(dataset, id, limit)
	out := []string{}
	for _, r := range list {
		out = append(out, fmt.Sprintf("%s@%d", r.Target, r.Time))
	}
	return out
}

// holding returns the files below dir that hold the text.
func holding(t testing.TB, dir, text string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if strings.Contains(string(b), text) {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
