package wire_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"bespoke"
	"bespoke/awsapi/wire"
)

// accept has a handler that succeeds for each operation that the tests of
// decoding send requests to.
var accept = wire.Handlers{
	CreateSchema:            nop[wire.CreateSchemaRequest, wire.CreateSchemaResponse],
	CreateDatasetGroup:      nop[wire.CreateDatasetGroupRequest, wire.CreateDatasetGroupResponse],
	CreateDataset:           nop[wire.CreateDatasetRequest, wire.CreateDatasetResponse],
	CreateFilter:            nop[wire.CreateFilterRequest, wire.CreateFilterResponse],
	CreateSolution:          nop[wire.CreateSolutionRequest, wire.CreateSolutionResponse],
	ListSchemas:             nop[wire.ListSchemasRequest, wire.ListSchemasResponse],
	TagResource:             nop[wire.TagResourceRequest, wire.TagResourceResponse],
	GetRecommendations:      nop[wire.GetRecommendationsRequest, wire.GetRecommendationsResponse],
	CreateDatasetImportJob:  nop[wire.CreateDatasetImportJobRequest, wire.CreateDatasetImportJobResponse],
	CreateBatchInferenceJob: nop[wire.CreateBatchInferenceJobRequest, wire.CreateBatchInferenceJobResponse],
	PutEvents:               func(context.Context, *wire.PutEventsRequest) error { return nil },
	PutUsers:                func(context.Context, *wire.PutUsersRequest) error { return nil },
}.Bind()

func nop[In, Out any](context.Context, *In) (*Out, error) { return nil, nil }

// call returns the error code and message that body gets, or two empty strings.
func call(t *testing.T, op, body string) (bespoke.Code, string) {
	t.Helper()
	if accept[op] == nil {
		t.Fatalf("no handler of these tests does %s", op)
	}
	_, err := accept[op](t.Context(), []byte(body))
	if err == nil {
		return "", ""
	}
	e, ok := errors.AsType[*bespoke.Error](err)
	if !ok {
		t.Fatalf("%s %s: %v is not a *bespoke.Error", op, body, err)
	}
	return e.Code, e.Msg
}

const (
	groupARN  = "arn:aws:personalize:us-east-1:000000000000:dataset-group/g"
	schemaARN = "arn:aws:personalize:us-east-1:000000000000:schema/s"
)

func TestConstraints(t *testing.T) {
	t.Parallel()
	// f says which violations op gives for body, none for a good one.
	f := func(op, body string, want ...string) {
		t.Helper()
		code, msg := call(t, op, body)
		if len(want) == 0 {
			if code != "" {
				t.Errorf("%s %s: %s: %s", op, body, code, msg)
			}
			return
		}
		count, rest, _ := strings.Cut(msg, " ")
		noun, list, _ := strings.Cut(rest, " detected: ")
		got := strings.Split(list, "; ")
		for i := range got {
			got[i] = strings.ReplaceAll(got[i], " failed to satisfy constraint: Member must", ":")
		}
		plural := map[bool]string{true: "validation error", false: "validation errors"}[len(want) == 1]
		if code != bespoke.Validation || count != string(rune('0'+len(want))) || noun != plural || strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s %s:\n%s: %s\nwant:\n%s", op, body, code, msg, strings.Join(want, "\n"))
		}
	}
	long := func(n int) string { return strings.Repeat("a", n) }
	const name = `satisfy regular expression pattern: ^[a-zA-Z0-9][a-zA-Z0-9\-_]*`
	const arn = `satisfy regular expression pattern: arn:([a-z\d-]+):personalize:.*:.*:.+`

	// Required members, in the model's order whatever the request's.
	f("CreateSchema", `{"name":"a","schema":"{}"}`)
	f("CreateSchema", `{}`, `Value null at 'name': not be null`, `Value null at 'schema': not be null`)
	f("CreateSchema", " \n", `Value null at 'name': not be null`, `Value null at 'schema': not be null`)
	f("CreateSchema", ``, `Value null at 'name': not be null`, `Value null at 'schema': not be null`)
	f("CreateSchema", `{"name":null,"schema":""}`, `Value null at 'name': not be null`)
	f("CreateSchema", `{"domain":"X","name":""}`,
		`Value '' at 'name': have length greater than or equal to 1`,
		`Value '' at 'name': `+name,
		`Value null at 'schema': not be null`,
		`Value 'X' at 'domain': satisfy enum value set: [ECOMMERCE, VIDEO_ON_DEMAND]`)
	f("CreateDatasetImportJob", `{"jobName":"j","datasetArn":"`+schemaARN+`"}`, `Value null at 'dataSource': not be null`)
	f("CreateDatasetImportJob", `{"jobName":"j","datasetArn":"`+schemaARN+`","dataSource":{}}`)

	// Lengths count characters, not bytes.
	f("CreateSchema", `{"name":"`+long(63)+`","schema":"{}"}`)
	f("CreateSchema", `{"name":"`+long(64)+`","schema":"{}"}`, `Value '`+long(64)+`' at 'name': have length less than or equal to 63`)
	f("CreateSchema", `{"name":"a","schema":"`+strings.Repeat("é", 20000)+`"}`)
	f("CreateSchema", `{"name":"a","schema":"`+long(20001)+`"}`, `Value '`+long(256)+`...' at 'schema': have length less than or equal to 20000`)

	// Patterns match the whole value.
	f("CreateSchema", `{"name":"a-b_C9","schema":"{}"}`)
	f("CreateSchema", `{"name":"_a","schema":"{}"}`, `Value '_a' at 'name': `+name)
	f("CreateSchema", `{"name":"a b","schema":"{}"}`, `Value 'a b' at 'name': `+name)
	f("CreateSchema", `{"name":"a\n","schema":"{}"}`, "Value 'a\n' at 'name': "+name)
	f("CreateDataset", `{"name":"a","schemaArn":"x","datasetGroupArn":"`+groupARN+`","datasetType":"Action_Interactions"}`, `Value 'x' at 'schemaArn': `+arn)
	f("CreateDataset", `{"name":"a","schemaArn":"`+schemaARN+`","datasetGroupArn":"`+groupARN+`\nx","datasetType":"1"}`,
		"Value '"+groupARN+"\nx' at 'datasetGroupArn': "+arn,
		`Value '1' at 'datasetType': satisfy regular expression pattern: ^[A-Za-z_]+$`)
	f("CreateDatasetGroup", `{"name":"g","roleArn":"arn:aws:iam::123456789012:role/service-role/x"}`)
	f("CreateDatasetGroup", `{"name":"g","roleArn":"arn:aws:iam::1:role/x"}`, `Value 'arn:aws:iam::1:role/x' at 'roleArn': satisfy regular expression pattern: arn:([a-z\d-]+):iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+`)
	f("ListSchemas", `{"nextToken":"`+long(1500)+`"}`)
	f("ListSchemas", `{"nextToken":"é"}`, `Value 'é' at 'nextToken': satisfy regular expression pattern: \p{ASCII}{0,1500}`)
	f("ListSchemas", `{"nextToken":"`+long(1501)+`"}`,
		`Value '`+long(256)+`...' at 'nextToken': have length less than or equal to 1500`,
		`Value '`+long(256)+`...' at 'nextToken': satisfy regular expression pattern: \p{ASCII}{0,1500}`)

	// Numbers.
	f("ListSchemas", `{"maxResults":1}`)
	f("ListSchemas", `{"maxResults":0}`, `Value '0' at 'maxResults': have value greater than or equal to 1`)
	f("ListSchemas", `{"maxResults":101}`, `Value '101' at 'maxResults': have value less than or equal to 100`)
	f("CreateSolution", `{"name":"s","datasetGroupArn":"`+groupARN+`","solutionConfig":{"eventsConfig":{"eventParametersList":[{"weight":0.5},{"weight":1.5}]}}}`,
		`Value '1.5' at 'solutionConfig.eventsConfig.eventParametersList.2.member.weight': have value less than or equal to 1`)

	// Sensitive values are not repeated, nor is what they are part of.
	f("CreateFilter", `{"name":"f","datasetGroupArn":"`+groupARN+`","filterExpression":""}`, `Value at 'filterExpression': have length greater than or equal to 1`)
	f("TagResource", `{"resourceArn":"`+groupARN+`","tags":[{"tagKey":"ключ 1/+=","tagValue":""},{"tagKey":"a*"}]}`,
		`Value at 'tags.2.member.tagKey': satisfy regular expression pattern: ^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$`,
		`Value null at 'tags.2.member.tagValue': not be null`)
	f("PutEvents", `{"trackingId":"t","sessionId":"s","eventList":[{"eventType":"","sentAt":1}]}`, `Value at 'eventList.1.member.eventType': have length greater than or equal to 1`)

	// Lists and maps: size, elements, keys and values.
	f("PutEvents", `{"trackingId":"t","sessionId":"s","eventList":[]}`, `Value '[]' at 'eventList': have length greater than or equal to 1`)
	f("PutEvents", `{"trackingId":"t","sessionId":"s","eventList":[`+strings.Repeat(`{"eventType":"e","sentAt":1},`, 10)+`{"eventType":"e","sentAt":1}]}`,
		`Value at 'eventList': have length less than or equal to 10`)
	f("PutUsers", `{"datasetArn":"`+groupARN+`","users":[null]}`, `Value null at 'users.1.member': not be null`)
	f("GetRecommendations", `{"context":{"A b":"x"},"filterValues":{"k":null}}`,
		`Value 'A b' at 'context.key': satisfy regular expression pattern: [A-Za-z\d_]+`,
		`Value null at 'filterValues.k': not be null`)
	f("CreateBatchInferenceJob", `{"jobName":"j","solutionVersionArn":"`+groupARN+`","jobInput":{"s3DataSource":{"path":"s3://b/k"}},"jobOutput":{"s3DataDestination":{"path":"b/k"}},"roleArn":"arn:aws:iam::123456789012:role/r","batchInferenceJobConfig":{"rankingInfluence":{"POPULARITY":1,"AGE":2}}}`,
		`Value 'b/k' at 'jobOutput.s3DataDestination.path': satisfy regular expression pattern: (s3|http|https)://.+`,
		`Value 'AGE' at 'batchInferenceJobConfig.rankingInfluence.key': satisfy enum value set: [POPULARITY, FRESHNESS]`,
		`Value '2' at 'batchInferenceJobConfig.rankingInfluence.AGE': have value less than or equal to 1`)
}

// TestManyViolations keeps the message and the memory for it bounded, whatever
// a request breaks.
func TestManyViolations(t *testing.T) {
	t.Parallel()
	const n = 100_000
	code, msg := call(t, "GetRecommendations", `{"metadataColumns":{"ITEMS":[`+strings.Repeat("null,", n)+`null]},"userId":"u"}`)
	if code != bespoke.Validation || !strings.HasPrefix(msg, "100 validation errors detected: ") || strings.Count(msg, "; ") != 19 {
		t.Errorf("%s: %.200s", code, msg)
	}
}
