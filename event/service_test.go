package event_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"weak"

	"bespoke"
	"bespoke/awsapi/wire"
	"bespoke/event"
	"bespoke/schema"
)

func parsed(t testing.TB, text string) *schema.Schema {
	t.Helper()
	s, err := schema.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPutEvents(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	d := f.tracked("shop", interactionSchema)
	f.must(f.put("shop", "u1", "s1",
		wire.Event{EventType: "click", ItemId: "i1", SentAt: at(100), EventValue: new(0.5), Properties: `{"numRatings":"12","numRatings":"13","device":"phone|tablet","unknown":[1],"UN_KNOWN":2}`},
		wire.Event{EventType: "buy", SentAt: at(101), Properties: `{"itemId":"i2","eventValue":"4","NUM_RATINGS":2.0,"DEVICE":7}`}))
	// What the request has of its own wins over properties. "null" is a session like any other.
	f.must(f.put("shop", "u2", "null", wire.Event{EventType: "click", ItemId: "i3", EventValue: new(float64(1)), SentAt: at(102), Properties: `{"itemId":"x","eventValue":9,"device":null,"numRatings":""}`}))
	f.must(f.put("shop", "", "s2", wire.Event{EventType: "click", ItemId: "i4", SentAt: at(103)}))
	f.must(f.put("shop", "u3", "u3", wire.Event{EventType: "click", ItemId: "i5", SentAt: at(104)}))
	want := []string{
		"u1,i1,click,0.5,100,13,phone|tablet,put,s1", "u1,i2,buy,4,101,2,7,put,s1", "u2,i3,click,1,102,-,-,put,null",
		"s2,i4,click,-,103,-,-,put,s2", "u3,i5,click,-,104,-,-,put,-",
	}
	f.equal(f.rows(d), want...)
	f.restart()
	f.equal(f.rows(d), want...)
	f.listed(f.recent(d, "u1", 10), "i1@100", "i2@101")
	if st := f.service.Stats(); st.Waiting != 0 || st.Logs != 1 {
		t.Errorf("stats %+v", st)
	}
}

// The log keeps what the schema has no column for, and the table what it has.
func TestEnvelope(t *testing.T) {
	t.Parallel()
	var seen []*event.Record
	f := open(t, func(c *event.Config) {
		c.Observe = func(_ bespoke.ARN, records []*event.Record) { seen = append(seen, records...) }
	})
	e := wire.Event{EventId: "e", EventType: "x", ItemId: "i", SentAt: at(7), RecommendationId: "RID-1", Impression: []string{"a", "b"},
		MetricAttribution: &wire.EventsMetricAttribution{EventAttributionSource: "mail"}}
	plain, wide := f.tracked("plain", plainSchema), f.tracked("wide", wideSchema)
	f.must(f.put("plain", "u", "s", e))
	f.must(f.put("wide", "u", "s", e))
	f.equal(f.rows(plain), "u,i,7,put,s")
	f.equal(f.rows(wide), "u,i,7,a|b,RID-1,mail,put,s")
	f.restart()
	for _, d := range []bespoke.ARN{plain, wide} {
		seen = append(seen, f.service.Recent(d, "u", 9)...)
	}
	if len(seen) != 4 {
		t.Fatalf("%d records", len(seen))
	}
	for _, r := range seen {
		if r.EventID != "e" || r.User != "u" || r.Session != "s" || r.Target != "i" || r.Type != "x" || r.Time != 7 || r.RecommendationID != "RID-1" ||
			r.Source != "mail" || !slices.Equal(r.Impression, []string{"a", "b"}) || r.Seq != 1 || r.Value("USER_ID").Text != "u" || r.Value("TIMESTAMP").Int != 7 {
			t.Errorf("record %+v", r)
		}
	}
}

func TestRefusedEvents(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	d := f.tracked("shop", interactionSchema)
	good := wire.Event{EventType: "click", ItemId: "good", SentAt: at(1)}
	// One bad record, and none is taken.
	bad := func(e wire.Event, texts ...string) {
		t.Helper()
		f.refused(f.put("shop", "u", "s", good, e), bespoke.InvalidInput, append(texts, "eventList.2.member")...)
	}
	bad(wire.Event{EventType: "c", SentAt: at(1)}, "itemId", "ITEM_ID (string)", "missing")
	bad(wire.Event{EventType: "c", ItemId: "i", SentAt: at(-5)}, "sentAt", "TIMESTAMP (long)", "negative")
	bad(wire.Event{EventType: "EVENT_TYPE", ItemId: "i", SentAt: at(1)}, "eventType", "reserved keyword")
	props := func(text string, texts ...string) {
		t.Helper()
		bad(wire.Event{EventType: "c", ItemId: "i", SentAt: at(1), Properties: text}, append(texts, "Error parsing properties json")...)
	}
	props(`{"numRatings":"many"}`, `"numRatings"`, "NUM_RATINGS (int or null)", "many", "expected a whole number")
	props(`{"numRatings":1.5}`, "1.5", "expected a whole number")
	props(`{"numRatings":true}`, "expected")
	props(`{"numRatings":[1]}`, "one value is expected")
	props(`{"device":{"a":1}}`, "one value is expected")
	props(`{"device":"\ud800"}`, "no character")
	props(`{"eventValue":"1e99"}`, `"eventValue"`, "EVENT_VALUE (float or null)")
	props(`{"device":"`+strings.Repeat("d", 1001)+`"}`, "Length cannot be more than 1000 characters for DEVICE")
	for range 20 { // whatever the order of a map
		props(`{"numRatings":1,"device":"d","NUM_RATINGS":2}`, `the keys "NUM_RATINGS" and "numRatings" are both for the column NUM_RATINGS`)
		props(`{"device":null,"Device":"d"}`, `the keys "Device" and "device"`)
		props(`{"numRatings":"many","device":[]}`, `"device"`)
	}
	props(`not json`, "not a JSON object")
	props(`[1]`, "not a JSON object")
	props(`null`, "null")
	for _, key := range []string{"userId", "USER_ID", "sessionId", "eventtype", "timestamp", "Timestamp", "recommendationId", "impression"} {
		props(`{"`+key+`":"x"}`, key, "not allowed")
	}
	big := wire.Event{EventType: strings.Repeat("é", 256), EventId: strings.Repeat("é", 256), ItemId: strings.Repeat("é", 256), SentAt: at(1)}
	for range 25 {
		big.Impression = append(big.Impression, strings.Repeat("é", 256))
	}
	bad(big, "10240 are allowed")
	f.refused(f.put("none", "u", "s", good), bespoke.InvalidInput, "tracking ID none")
	f.equal(f.rows(d))

	// Once the tracker is gone, its ID leads nowhere.
	f.must(f.put("shop", "u", "s", good))
	f.must(f.store.DeleteEventTracker(t.Context(), scope.EventTracker("shop")))
	f.refused(f.put("shop", "u", "s", good), bespoke.InvalidInput, "tracking ID shop")
	f.equal(f.rows(d), "u,good,click,-,1,-,-,put,s")
}

func TestEventID(t *testing.T) {
	t.Parallel()
	f := open(t, func(c *event.Config) { c.TailRecords = 3 })
	d := f.tracked("shop", plainSchema)
	e := func(id, item string) wire.Event {
		return wire.Event{EventType: "c", EventId: id, ItemId: item, SentAt: at(1)}
	}
	f.must(f.put("shop", "u", "s", e("1", "a"), e("1", "b"), e("2", "c")))
	f.must(f.put("shop", "u", "s", e("2", "d")))
	f.restart()
	f.must(f.put("shop", "u", "s", e("1", "e"), e("", "f"), e("", "f")))
	f.equal(f.rows(d), "u,a,1,put,s", "u,c,1,put,s", "u,f,1,put,s", "u,f,1,put,s")
	// Three records later the first ID is forgotten.
	f.must(f.put("shop", "u", "s", e("1", "g"), e("2", "c again")))
	f.must(f.put("shop", "u", "s", e("2", "h")))
	f.equal(f.rows(d), "u,a,1,put,s", "u,c,1,put,s", "u,f,1,put,s", "u,f,1,put,s", "u,g,1,put,s", "u,h,1,put,s")
	f.listed(f.recent(d, "u", 10), "f@1", "g@1", "h@1")
}

func TestSessionJoinsUser(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	d := f.tracked("shop", plainSchema)
	e := func(item string, sec int64) wire.Event {
		return wire.Event{EventType: "c", ItemId: item, SentAt: at(sec)}
	}
	f.must(f.put("shop", "", "s1", e("a", 1)))
	f.must(f.put("shop", "u", "s0", e("b", 2)))
	f.must(f.put("shop", "", "s1", e("c", 3)))
	f.listed(f.recent(d, "u", 10), "b@2")
	f.listed(f.recent(d, "s1", 10), "a@1", "c@3")
	check := func() {
		t.Helper()
		f.listed(f.recent(d, "u", 10), "a@1", "b@2", "c@3", "d@4", "e@5")
		f.listed(f.recent(d, "u", 2), "d@4", "e@5")
		f.listed(f.recent(d, "s1", 10), "a@1", "c@3", "d@4", "e@5")
		f.listed(f.recent(d, "nobody", 10))
	}
	f.must(f.put("shop", "u", "s1", e("d", 4)))
	f.must(f.put("shop", "", "s1", e("e", 5)))
	check()
	f.restart()
	check()
}

func TestPutRecords(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	items, users := f.dataset("shop", bespoke.Items, itemSchema), f.dataset("shop", bespoke.Users, userSchema)
	actions, acted := f.dataset("shop", bespoke.Actions, actionSchema), f.dataset("shop", bespoke.ActionInteractions, actedOnSchema)
	put := func(in ...wire.Item) error {
		return f.PutItems(t.Context(), &wire.PutItemsRequest{DatasetArn: string(items), Items: in})
	}
	f.must(put(wire.Item{ItemId: "a", Properties: `{"categoryL1":"x|y","price":"9.5","inStock":"true","creationTimestamp":5}`}, wire.Item{ItemId: "b", Properties: `{"price":1,"inStock":false}`}))
	f.must(put(wire.Item{ItemId: "a", Properties: `{"price":8}`})) // replaces, and keeps the version before
	f.equal(f.rows(items), "a,x|y,9.5,true,5,put,-", "b,-,1,false,-,put,-", "a,-,8,-,-,put,-")
	f.refused(put(wire.Item{ItemId: "ok", Properties: `{"price":8}`}, wire.Item{ItemId: "c"}), bespoke.InvalidInput, "items.2.member.properties.price", "PRICE (double)", "missing")
	f.refused(put(wire.Item{ItemId: "ITEM_ID", Properties: `{"price":8}`}), bespoke.InvalidInput, "items.1.member.itemId", "reserved keyword")

	f.must(f.PutUsers(t.Context(), &wire.PutUsersRequest{DatasetArn: string(users), Users: []wire.User{{UserId: "u", Properties: `{"age":30}`}, {UserId: "v"}}}))
	f.equal(f.rows(users), "u,30,put,-", "v,-,put,-")
	f.must(f.PutActions(t.Context(), &wire.PutActionsRequest{DatasetArn: string(actions), Actions: []wire.Action{{ActionId: "x", Properties: `{"value":10}`}}}))
	f.refused(f.PutActions(t.Context(), &wire.PutActionsRequest{DatasetArn: string(actions), Actions: []wire.Action{{ActionId: "x", Properties: `{"value":11}`}}}),
		bespoke.InvalidInput, "from 1 to 10")
	f.equal(f.rows(actions), "x,10,-,put,-")

	interact := func(id string, in ...wire.ActionInteraction) error {
		return f.PutActionInteractions(t.Context(), &wire.PutActionInteractionsRequest{TrackingId: id, ActionInteractions: in})
	}
	f.must(interact("of-actions", wire.ActionInteraction{ActionId: "x", UserId: "u", SessionId: "s", EventType: "NOT_TAKEN", Timestamp: at(5), Impression: []string{"x", "y"}},
		wire.ActionInteraction{ActionId: "x", SessionId: "s", EventType: "viewed", Timestamp: at(6)}))
	f.refused(interact("of-actions", wire.ActionInteraction{ActionId: "x", SessionId: "s", EventType: "click", Timestamp: at(6)}), bespoke.InvalidInput, "Viewed, Taken or Not Taken")
	f.refused(interact("none", wire.ActionInteraction{ActionId: "x", SessionId: "s", EventType: "taken", Timestamp: at(6)}), bespoke.NotFound, "none")
	f.equal(f.rows(acted), "u,x,Not Taken,5,put,s", "s,x,Viewed,6,put,s")

	f.refused(f.PutUsers(t.Context(), &wire.PutUsersRequest{DatasetArn: string(items), Users: []wire.User{{UserId: "u"}}}), bespoke.InvalidInput, "not that of a dataset of type USERS")
	f.refused(f.PutItems(t.Context(), &wire.PutItemsRequest{DatasetArn: string(scope.Dataset("none", bespoke.Items)), Items: []wire.Item{{ItemId: "a"}}}), bespoke.NotFound, "dataset/none/ITEMS")
	f.must(f.store.DeleteDataset(t.Context(), items))
	f.refused(put(wire.Item{ItemId: "z", Properties: `{"price":8}`}), bespoke.InUse, "DELETE PENDING")
}

// Records of before a schema's replacement have null in the columns it brings.
func TestSchemaReplaced(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	items := f.dataset("shop", bespoke.Items, itemSchema)
	put := func(id, properties string) {
		t.Helper()
		f.must(f.PutItems(t.Context(), &wire.PutItemsRequest{DatasetArn: string(items), Items: []wire.Item{{ItemId: id, Properties: properties}}}))
	}
	put("a", `{"price":1,"brand":"lost"}`)
	more := f.schema("more", moreItemSchema)
	f.must(f.store.UpdateDataset(t.Context(), items, more))
	put("b", `{"price":2,"brand":"lost"}`) // not yet
	f.must(f.store.Move(t.Context(), items, bespoke.UpdatePending, bespoke.UpdateInProgress, ""))
	f.must(f.lake.Evolve(t.Context(), items, parsed(t, moreItemSchema)))
	f.must(f.store.FinishUpdate(t.Context(), items, ""))
	put("c", `{"price":3,"brand":"kept"}`)
	f.restart()
	f.equal(f.rows(items), "-,a,-,1,-,-,put,-", "-,b,-,2,-,-,put,-", "kept,c,-,3,-,-,put,-")
}

func TestPurgeAndDrop(t *testing.T) {
	t.Parallel()
	f := open(t, func(c *event.Config) { c.SegmentBytes = 500 })
	d := f.tracked("shop", plainSchema)
	for i := range 20 {
		f.must(f.put("shop", fmt.Sprintf("somebody-%d", i%2), "s", wire.Event{EventType: "c", EventId: fmt.Sprint(i), ItemId: fmt.Sprint(i), SentAt: at(int64(i))}))
	}
	n, err := f.service.Purge(t.Context(), d, func(r *event.Record) bool { return r.User == "somebody-1" })
	f.must(err)
	if n != 10 {
		t.Errorf("purged %d", n)
	}
	if found := holding(t, f.dir+"/events", "somebody-1"); len(found) > 0 {
		t.Errorf("still in %s", found)
	}
	if len(holding(t, f.dir+"/events", "somebody-0")) == 0 {
		t.Error("the other user is gone too")
	}
	check := func() {
		t.Helper()
		f.listed(f.recent(d, "somebody-1", 100))
		if got := f.recent(d, "somebody-0", 100); len(got) != 10 {
			t.Errorf("recent %s", got)
		}
		if got := f.rows(d); len(got) != 20 { // the table is somebody else's affair
			t.Errorf("%d rows", len(got))
		}
	}
	check()
	f.restart()
	check()
	f.must(f.put("shop", "u", "s", wire.Event{EventType: "c", EventId: "0", ItemId: "x", SentAt: at(1)}, wire.Event{EventType: "c", EventId: "1", ItemId: "y", SentAt: at(1)}))
	if got := f.rows(d); len(got) != 21 { // the ID of a record that was purged is free
		t.Errorf("%d rows", len(got))
	}

	f.must(f.service.Drop(t.Context(), d))
	if found := holding(t, f.dir+"/events", "somebody-0"); len(found) > 0 {
		t.Errorf("still in %s", found)
	}
	f.refused(f.put("shop", "u", "s", wire.Event{EventType: "c", ItemId: "x", SentAt: at(1)}), bespoke.InvalidInput, "deleted")
}

// What was left by a dataset that was deleted does not reach one of the same name.
func TestLogOfDeletedDataset(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	put := func(id string) {
		t.Helper()
		f.must(f.PutUsers(t.Context(), &wire.PutUsersRequest{DatasetArn: string(scope.Dataset("shop", bespoke.Users)), Users: []wire.User{{UserId: id}}}))
	}
	users := f.dataset("shop", bespoke.Users, userSchema)
	put("old")
	f.must(f.store.DeleteDataset(t.Context(), users))
	f.must(f.lake.Drop(t.Context(), users))
	f.must(f.store.FinishDelete(t.Context(), users))
	f.restart()
	if found := holding(t, f.dir+"/events", "old"); len(found) > 0 {
		t.Errorf("still in %s", found)
	}
	f.must(f.store.DeleteSchema(t.Context(), scope.Schema("shop-USERS")))
	f.dataset("shop", bespoke.Users, userSchema)
	put("new")
	f.equal(f.rows(users), "new,-,put,-")
}

// Calls at once, while records join the table: all are there once.
func TestConcurrentPuts(t *testing.T) {
	t.Parallel()
	f := open(t, func(c *event.Config) { c.SegmentBytes, c.TailRecords, c.TailBytes = 4000, 50, 8000 })
	d := f.tracked("shop", plainSchema)
	var wg sync.WaitGroup
	const callers, calls = 8, 50
	for c := range callers {
		wg.Go(func() {
			for i := range calls {
				if err := f.put("shop", fmt.Sprint("u", c), "s", wire.Event{EventType: "c", ItemId: fmt.Sprint(i), SentAt: at(int64(i))},
					wire.Event{EventType: "c", ItemId: fmt.Sprint("x", i), SentAt: at(int64(i))}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 5 {
		f.must(f.service.Flush(t.Context(), d))
	}
	wg.Wait()
	f.restart()
	rows := f.rows(d)
	if n := len(slices.Compact(slices.Clone(rows))); len(rows) != 2*callers*calls || n != len(rows) {
		t.Errorf("%d rows, %d different", len(rows), n)
	}
}

func TestRates(t *testing.T) {
	t.Parallel()
	f := open(t, func(c *event.Config) { c.Limits = bespoke.Limits{EventCalls: 3, RecordCalls: 1} })
	f.tracked("shop", plainSchema)
	f.dataset("shop", bespoke.Users, userSchema)
	e := wire.Event{EventType: "c", ItemId: "x", SentAt: at(1)}
	refused := 0
	for range 50 {
		if err := f.put("shop", "u", "s", e); err != nil {
			f.refused(err, bespoke.Throttling, "at most 3 calls a second")
			refused++
		}
	}
	if refused == 0 || refused > 47 {
		t.Errorf("%d of 50 calls were refused", refused)
	}
	users := &wire.PutUsersRequest{DatasetArn: string(scope.Dataset("shop", bespoke.Users)), Users: []wire.User{{UserId: "u"}}}
	f.must(f.PutUsers(t.Context(), users)) // has a bucket of its own
}

// Of a dataset that is deleted nothing stays in memory.
func TestDropFreesMemory(t *testing.T) {
	t.Parallel()
	f := open(t, func(c *event.Config) { c.FlushAge = time.Millisecond })
	tracked, named := f.tracked("shop", plainSchema), f.dataset("shop", bespoke.Users, userSchema)
	f.must(f.click("a"))
	f.must(f.PutUsers(t.Context(), &wire.PutUsersRequest{DatasetArn: string(named), Users: []wire.User{{UserId: "u"}}}))
	wait := func(what string, done func() bool) {
		t.Helper()
		for end := time.Now().Add(20 * time.Second); !done(); time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal(what)
			}
		}
	}
	wait("the records do not join their tables", func() bool { return f.service.Stats().Flushes == 2 })
	seen := weak.Make(f.service.Recent(tracked, "u", 1)[0])
	other := weak.Make(f.service.Recent(named, "u", 1)[0])
	f.must(f.service.Drop(t.Context(), tracked))
	f.must(f.service.Drop(t.Context(), named))
	wait("the records of datasets that are gone are in memory", func() bool {
		runtime.GC()
		return seen.Value() == nil && other.Value() == nil
	})
}
