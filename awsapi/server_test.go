package awsapi_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"bespoke"
	"bespoke/awsapi"
	"bespoke/awsapi/wire"
)

const schemaARN = "arn:aws:personalize:us-east-1:000000000000:schema/films"

// handlers answer what the golden files ask for. Names choose the outcome.
func handlers() wire.Handlers {
	return wire.Handlers{
		CreateSchema: func(ctx context.Context, in *wire.CreateSchemaRequest) (*wire.CreateSchemaResponse, error) {
			switch in.Name {
			case "taken":
				return nil, fmt.Errorf("create schema: %w", bespoke.Errorf(bespoke.AlreadyExists, "Another resource with Arn %s already exists.", schemaARN))
			case "unmodelled":
				return nil, bespoke.Errorf(bespoke.TooManyTags, "The tags are too many.")
			case "broken":
				return nil, errors.New("disk /dev/sda is on fire")
			case "panic":
				panic("index out of range")
			case "cancel":
				return nil, context.Canceled
			}
			return &wire.CreateSchemaResponse{SchemaArn: schemaARN}, nil
		},
		DescribeSchema: func(_ context.Context, in *wire.DescribeSchemaRequest) (*wire.DescribeSchemaResponse, error) {
			at := wire.Timestamp{Time: time.UnixMilli(1542392161837)}
			return &wire.DescribeSchemaResponse{Schema: &wire.DatasetSchema{
				Name: "films", SchemaArn: in.SchemaArn, Schema: `{"doc":"<a & b>"}`, CreationDateTime: at, LastUpdatedDateTime: at,
			}}, nil
		},
		ListSchemas: func(context.Context, *wire.ListSchemasRequest) (*wire.ListSchemasResponse, error) {
			return &wire.ListSchemasResponse{}, nil
		},
		DeleteSchema: func(_ context.Context, in *wire.DeleteSchemaRequest) error { return nil },
		PutEvents:    func(context.Context, *wire.PutEventsRequest) error { return nil },
		PutItems: func(context.Context, *wire.PutItemsRequest) error {
			return bespoke.Errorf(bespoke.InUse, "The dataset is being updated.")
		},
		GetRecommendations: func(_ context.Context, in *wire.GetRecommendationsRequest) (*wire.GetRecommendationsResponse, error) {
			if in.CampaignArn == "" {
				return nil, bespoke.Errorf(bespoke.NotFound, "There is no such campaign.")
			}
			return &wire.GetRecommendationsResponse{
				ItemList:         []wire.PredictedItem{{ItemId: "1", Score: new(0.25)}, {ItemId: "é"}},
				RecommendationId: "RID-1",
			}, nil
		},
		GetPersonalizedRanking: func(context.Context, *wire.GetPersonalizedRankingRequest) (*wire.GetPersonalizedRankingResponse, error) {
			return nil, bespoke.Errorf(bespoke.AccessDenied, "User: x is not authorized to perform: personalize:GetPersonalizedRanking")
		},
	}
}

// start serves handlers on loopback and returns the address.
func start(t *testing.T, edit func(*awsapi.Config)) string {
	t.Helper()
	cfg := awsapi.Config{Handlers: handlers(), Verifier: newVerifier(t, nil), Logger: slog.New(slog.DiscardHandler)}
	if edit != nil {
		edit(&cfg)
	}
	s, err := awsapi.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	return srv.URL
}

// do sends a request signed by ada and returns the response and its body.
func do(t *testing.T, url, target, body string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if target != "" {
		r.Header.Set("X-Amz-Target", "AmazonPersonalize."+target)
	}
	sign(t, r, body, signing{})
	return send(t, r)
}

func send(t *testing.T, r *http.Request) (*http.Response, string) {
	t.Helper()
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(text)
}

// TestEveryOperation asks a server that has no handlers for each operation of
// the model: it knows all of them by name.
func TestEveryOperation(t *testing.T) {
	t.Parallel()
	url := start(t, func(c *awsapi.Config) { c.Handlers = wire.Handlers{} })
	for _, op := range wire.Operations {
		target := ""
		if op.Protocol == wire.JSON11 {
			target = op.Name
		}
		res, body := do(t, url+op.Path, target, `{}`)
		want := fmt.Sprintf(`{"__type":"NotImplementedException","message":"%s is not built yet in this version of Bespoke."}`, op.Name)
		if res.StatusCode != http.StatusBadRequest || body != want {
			t.Errorf("%s: %s %s", op.Name, res.Status, body)
		}
	}
}

var uuidForm = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// TestContext checks what a handler learns of its request, and that the
// response, the log and the observer agree with it.
func TestContext(t *testing.T) {
	t.Parallel()
	var (
		log      bytes.Buffer
		observed = make(chan string, 5)
		caller   bespoke.Caller
	)
	url := start(t, func(c *awsapi.Config) {
		c.Logger = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		c.Observe = func(op, code string, d time.Duration) {
			if d <= 0 {
				t.Errorf("%s took %s", op, d)
			}
			observed <- op + " " + code
		}
		c.Handlers.DeleteSchema = func(ctx context.Context, _ *wire.DeleteSchemaRequest) error {
			caller = bespoke.CallerFrom(ctx)
			return nil
		}
	})
	res, _ := do(t, url, "DeleteSchema", `{"schemaArn":"`+schemaARN+`"}`)
	id := res.Header.Get("X-Amzn-Requestid")
	if !uuidForm.MatchString(id) {
		t.Errorf("the response has the request ID %q", id)
	}
	if caller.AccessKeyID != "AKIDADA" || caller.ARN != "arn:aws:iam::000000000000:user/AKIDADA" {
		t.Errorf("the caller is %+v", caller)
	}
	broken, _ := do(t, url, "CreateSchema", `{"name":"broken","schema":"secret text"}`)
	do(t, url, "CreateSchema", `{"name":"panic","schema":"secret text"}`)
	do(t, url, "CreateSchema", `{"name":"taken","schema":"secret text"}`)
	do(t, url, "MakeSchema", `{}`)

	for _, want := range []string{"DeleteSchema OK", "CreateSchema InternalFailure", "CreateSchema InternalFailure", "CreateSchema ResourceAlreadyExistsException", "Unknown UnknownOperationException"} {
		if got := <-observed; got != want {
			t.Errorf("observed %q, want %q", got, want)
		}
	}
	for _, s := range []string{`"request_id":"` + id, `"request_id":"` + broken.Header.Get("X-Amzn-Requestid"), "disk /dev/sda is on fire", "panic: index out of range", "server_test.go", `"level":"INFO","msg":"request refused","request_id"`} {
		if !strings.Contains(log.String(), s) {
			t.Errorf("the log lacks %q:\n%s", s, &log)
		}
	}
	for _, s := range []string{"secret", "Signature", "films"} {
		if strings.Contains(log.String(), s) {
			t.Errorf("the log has %q:\n%s", s, &log)
		}
	}
}

// TestClientGone cancels a request while its handler works: the handler's
// context ends, and the server does not count it as a fault of its own.
func TestClientGone(t *testing.T) {
	t.Parallel()
	started, observed := make(chan struct{}), make(chan string, 1)
	url := start(t, func(c *awsapi.Config) {
		c.Observe = func(_, code string, _ time.Duration) { observed <- code }
		c.Handlers.ListSchemas = func(ctx context.Context, _ *wire.ListSchemasRequest) (*wire.ListSchemasResponse, error) {
			close(started)
			<-ctx.Done()
			return nil, fmt.Errorf("list schemas: %w", ctx.Err())
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	r := request(http.MethodPost, url, `{}`).WithContext(ctx)
	r.RequestURI = ""
	sign(t, r, `{}`, signing{})
	go func() {
		<-started
		cancel()
	}()
	if _, err := http.DefaultClient.Do(r); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if code := <-observed; code != "ServiceUnavailable" {
		t.Errorf("observed %s", code)
	}
}

// TestHandle serves an operation beyond the model.
func TestHandle(t *testing.T) {
	t.Parallel()
	s, err := awsapi.New(awsapi.Config{Verifier: newVerifier(t, nil), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(s.Handle("DescribeProgress", func(ctx context.Context, r *http.Request, body []byte) (any, error) {
		if r.URL.Query().Has("missing") {
			return nil, bespoke.Errorf(bespoke.NotFound, "There is no such job.")
		}
		return map[string]any{"path": r.URL.Path, "caller": bespoke.CallerFrom(ctx).AccessKeyID, "body": string(body)}, nil
	}))
	defer srv.Close()
	if res, body := do(t, srv.URL+"/bespoke/v1/x%2Fy", "", `hello`); res.StatusCode != 200 || body != `{"body":"hello","caller":"AKIDADA","path":"/bespoke/v1/x/y"}` {
		t.Errorf("%s %s", res.Status, body)
	}
	if res, body := do(t, srv.URL+"/?missing=1", "", ``); res.StatusCode != 404 || body != `{"__type":"ResourceNotFoundException","message":"There is no such job."}` || res.Header.Get("X-Amzn-Errortype") != "ResourceNotFoundException" {
		t.Errorf("%s %s", res.Status, body)
	}
	if res, err := http.Get(srv.URL); err != nil || res.StatusCode != 403 {
		t.Errorf("unsigned: %v, %v", res, err)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	if _, err := awsapi.New(awsapi.Config{}); err == nil {
		t.Error("a server without a verifier")
	}
}
