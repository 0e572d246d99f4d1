package wire_test

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"bespoke"
	"bespoke/awsapi/wire"
)

// TestSerialization has the requests that do not decode, and what their errors
// say.
func TestSerialization(t *testing.T) {
	t.Parallel()
	f := func(op, body, want string) {
		t.Helper()
		code, msg := call(t, op, body)
		if code != bespoke.Serialization || !strings.Contains(msg, want) {
			t.Errorf("%s %s: %s: %s; want %q in it", op, body, code, msg, want)
		}
	}
	// Not an object.
	f("CreateSchema", `[]`, "The request body is a list; it must be a JSON object.")
	f("CreateSchema", `"x"`, "is a string")
	f("CreateSchema", ` null`, "is null")
	f("CreateSchema", `hello`, "The request body is something that is not JSON;")

	// Wrong types name the member.
	f("CreateSchema", `{"name":5}`, "name: a value of type string is wanted, the request has a number.")
	f("CreateSchema", `{"name":{}}`, "name: a value of type string is wanted, the request has an object.")
	f("ListSchemas", `{"maxResults":"5"}`, "maxResults: a value of type integer is wanted, the request has a string.")
	f("ListSchemas", `{"maxResults":1.5}`, "maxResults: 1.5 is not a whole number")
	f("ListSchemas", `{"maxResults":99999999999}`, "maxResults: 99999999999 is not a whole number")
	f("CreateDatasetImportJob", `{"dataSource":"s3://b/k"}`, "dataSource: a value of type object is wanted, the request has a string.")
	f("CreateDatasetImportJob", `{"publishAttributionMetricsToS3":"true"}`, "publishAttributionMetricsToS3: a value of type boolean is wanted")
	f("TagResource", `{"tags":{}}`, "tags: a value of type list is wanted, the request has an object.")
	f("TagResource", `{"tags":[{"tagKey":"a","tagValue":true}]}`, "tags.1.member.tagValue: a value of type string is wanted, the request has a boolean.")
	f("GetRecommendations", `{"context":[]}`, "context: a value of type map is wanted, the request has a list.")
	f("GetRecommendations", `{"context":{"A":1}}`, "context.A: a value of type string is wanted")
	f("PutEvents", `{"eventList":[{"eventValue":"NaN"}]}`, "eventList.1.member.eventValue: a value of type number is wanted")
	f("PutEvents", `{"eventList":[{"eventValue":1e999}]}`, "eventList.1.member.eventValue: 1e999 is not a number of double precision")
	f("PutEvents", `{"eventList":[{"sentAt":true}]}`, "eventList.1.member.sentAt: a value of type timestamp is wanted, the request has a boolean.")
	f("PutEvents", `{"eventList":[{"sentAt":"yesterday"}]}`, "eventList.1.member.sentAt: a timestamp is epoch seconds")
	f("PutEvents", `{"eventList":[{"sentAt":1704067200000}]}`, "the unit is seconds")

	// Not JSON. A fault anywhere counts before a broken constraint.
	f("CreateSchema", `{"name":""`, "a comma or closing bracket is missing, at byte 10 of 10")
	f("CreateSchema", `{`, "a member's name in quotes is missing")
	f("CreateSchema", `{"name"`, "a colon is missing")
	f("CreateSchema", `{"name":}`, "name: a value of type string is wanted, the request has something that is not JSON")
	f("CreateSchema", `{"name":"a",}`, "a member's name in quotes is missing")
	f("CreateSchema", `{"name":"a"} x`, "something follows the request's object")
	f("CreateSchema", `{"name":"a`, "the closing quote is missing")
	f("CreateSchema", `{"name":"a\`, "the closing quote is missing")
	f("CreateSchema", `{"name":"\x"}`, "an unknown escape")
	f("CreateSchema", `{"name":"\u12"}`, "four hexadecimal digits are missing")
	f("CreateSchema", `{"name":"\ud800"}`, "a surrogate without its other half")
	f("CreateSchema", `{"name":"\udc00\ud800"}`, "a surrogate without its other half")
	f("CreateSchema", "{\"name\":\"a\nb\"}", "a control character that is not escaped")
	f("CreateSchema", "{\"name\":\"\xff\"}", "text that is not UTF-8")
	f("CreateSchema", "{\"name\":\"\\n\xff\"}", "text that is not UTF-8")
	f("ListSchemas", `{"maxResults":-}`, "a digit is missing")
	f("ListSchemas", `{"maxResults":1.}`, "a digit is missing")
	f("ListSchemas", `{"maxResults":01}`, "a comma or closing bracket is missing")
	f("ListSchemas", `{"x":nul}`, "a word other than true, false and null")
	f("ListSchemas", `{"x":[1,]}`, "a value is missing")
	f("ListSchemas", `{"x":`+strings.Repeat("[", 200)+strings.Repeat("]", 200)+`}`, "values nest too deeply")
}

// got returns what a handler receives for body.
func got[In, Out any](t *testing.T, bind func(*wire.Handlers, func(context.Context, *In) (*Out, error)), op, body string) *In {
	t.Helper()
	var in *In
	var h wire.Handlers
	bind(&h, func(_ context.Context, v *In) (*Out, error) { in = v; return nil, nil })
	if _, err := h.Bind()[op](t.Context(), []byte(body)); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return in
}

func TestDecode(t *testing.T) {
	t.Parallel()
	schema := func(body string) *wire.CreateSchemaRequest {
		t.Helper()
		return got(t, func(h *wire.Handlers, f func(context.Context, *wire.CreateSchemaRequest) (*wire.CreateSchemaResponse, error)) {
			h.CreateSchema = f
		}, "CreateSchema", body)
	}
	in := schema(`{ "name" : "n" , "Name": 5, "extra": {"a":[1,-2.5e+3,null,true,"\n"]}, "schema":"\u00e9\ud83d\ude00\"\\\/\b\f\n\r\t" } `)
	if in.Name != "n" || in.Schema != "é😀\"\\/\b\f\n\r\t" || in.Domain != "" {
		t.Errorf("got %+v", in)
	}
	if in := schema(`{"name":"a","name":"b","schema":"é<&>"}`); in.Name != "b" || in.Schema != "é<&>" {
		t.Errorf("got %+v", in)
	}

	job := got(t, func(h *wire.Handlers, f func(context.Context, *wire.CreateDatasetImportJobRequest) (*wire.CreateDatasetImportJobResponse, error)) {
		h.CreateDatasetImportJob = f
	}, "CreateDatasetImportJob", `{"jobName":"j","datasetArn":"`+groupARN+`","dataSource":{"dataLocation":"s3://b/k"},"publishAttributionMetricsToS3":false,"tags":[]}`)
	if job.PublishAttributionMetricsToS3 == nil || *job.PublishAttributionMetricsToS3 || job.Tags == nil || job.DataSource.DataLocation != "s3://b/k" || job.RoleArn != "" {
		t.Errorf("got %+v", job)
	}
}

func TestTimestamp(t *testing.T) {
	t.Parallel()
	f := func(text string, want time.Time, back string) {
		t.Helper()
		var ts wire.Timestamp
		if err := json.Unmarshal([]byte(text), &ts); err != nil || !ts.Equal(want) {
			t.Errorf("%s reads as %s, %v; want %s", text, ts, err, want)
		}
		if out, err := json.Marshal(ts); err != nil || string(out) != back {
			t.Errorf("%s is written as %s, %v; want %s", text, out, err, back)
		}
	}
	day := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	f(`1704067200`, day, `1704067200`)
	f(`1704067200.0`, day, `1704067200`)
	f(`1.7040672E9`, day, `1704067200`)
	f(`1542392161.837`, time.UnixMilli(1542392161837), `1542392161.837`)
	f(`1542392161.83`, time.UnixMilli(1542392161830), `1542392161.83`)
	f(`0.005`, time.UnixMilli(5), `0.005`)
	f(`-1.5`, time.UnixMilli(-1500), `-1.5`)
	f(`"1704067200"`, day, `1704067200`)
	f(`"1704067200.5"`, day.Add(500*time.Millisecond), `1704067200.5`)
	f(`"2024-01-01T00:00:00Z"`, day, `1704067200`)
	f(`"2024-01-01T02:00:00.25+02:00"`, day.Add(250*time.Millisecond), `1704067200.25`)
	f(`"2024-01-01T00:00:00"`, day, `1704067200`)
	f(`"2024-01-01"`, day, `1704067200`)
	for _, bad := range []string{`"x"`, `"NaN"`, `"Infinity"`, `1704067200000`, `true`, `""`} {
		var ts wire.Timestamp
		if err := json.Unmarshal([]byte(bad), &ts); err == nil {
			t.Errorf("%s reads as %s", bad, ts)
		}
	}
}

// TestWrite has what responses leave out and what they keep.
func TestWrite(t *testing.T) {
	t.Parallel()
	f := func(v any, want string) {
		t.Helper()
		var b bytes.Buffer
		if err := wire.Marshal(&b, v); err != nil || b.String() != want {
			t.Errorf("got %s, %v; want %s", &b, err, want)
		}
	}
	f(wire.DescribeSchemaResponse{}, `{}`)
	f(wire.DescribeSchemaResponse{Schema: &wire.DatasetSchema{Name: "<a&b>", CreationDateTime: wire.Timestamp{Time: time.UnixMilli(1500)}}},
		`{"schema":{"name":"<a&b>","creationDateTime":1.5}}`)
	f(wire.ListTagsForResourceResponse{Tags: []wire.Tag{{TagKey: "a"}}}, `{"tags":[{"tagKey":"a","tagValue":""}]}`)
	f(wire.PredictedItem{ItemId: "i", Score: new(0.0)}, `{"itemId":"i","score":0}`)
	f(wire.PredictedItem{ItemId: "i"}, `{"itemId":"i"}`)
}

// FuzzDecode checks that decoding never panics, and that what it takes for JSON
// is JSON to encoding/json too, and the other way round.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `[]`, `{"name":"a","schema":"{}","domain":null}`, `{"name":"\ud83d\ude00\n"}`, `{"a":[1,2.5e-3,{"b":null}],"c":true}`,
		`{"name":1}`, `{"name":"\u12"}`, `{"x":"\ud800"}`, `{"x":01}`, `{"x":-0.0E+1}`, "{\"x\":\"\x80\"}", `{"x":{"":""}} `, `{"x" 1}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		code, msg := call(t, "CreateSchema", body)
		var v map[string]any
		if err := json.Unmarshal([]byte(body), &v); err == nil && v != nil && code == bespoke.Serialization {
			switch {
			case strings.Contains(msg, "is wanted"), strings.Contains(msg, "UTF-8"), strings.Contains(msg, "surrogate"), strings.Contains(msg, "deeply"):
			default:
				t.Errorf("%q is JSON, but: %s", body, msg)
			}
		} else if err != nil && code != bespoke.Serialization && strings.Trim(body, " \t\r\n") != "" {
			t.Errorf("%q is not JSON (%v), but: %s %s", body, err, code, msg)
		}
	})
}
