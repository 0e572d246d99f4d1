package extension_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"bespoke"
	"bespoke/artifact"
	"bespoke/awsapi"
	"bespoke/awsapi/wire"
	"bespoke/blob"
	"bespoke/control"
	"bespoke/devcloud"
	"bespoke/event"
	"bespoke/extension"
	"bespoke/iam"
	"bespoke/lake"
	"bespoke/serve"
	"bespoke/store/sqlite"
)

const accessKey, secret = "AKIAEXAMPLE", "an example of a secret"

var scope = bespoke.Scope{Partition: "aws", Region: "us-east-1", Account: "000000000000"}

// server is the extensions on an address of their own, over a control plane
// whose parts are all real. Jobs run when the test advances them.
type server struct {
	testing.TB
	wire.Handlers
	ctx     context.Context
	service *control.Service
	runtime *serve.Server
	objects *blob.Store
	roles   *iam.Store
	store   *sqlite.Store
	url     string
}

func start(tb testing.TB) *server {
	tb.Helper()
	dir := tb.TempDir()
	log := slog.New(slog.NewTextHandler(tb.Output(), nil))
	root := bespoke.Caller{ARN: scope.Root()}
	s := &server{TB: tb, ctx: bespoke.WithCaller(tb.Context(), root)}
	roles, err := iam.Open(iam.Config{Dir: dir, Scope: scope})
	s.must(err)
	s.roles = roles
	endpoint, err := devcloud.OpenS3(tb.Context(), devcloud.S3Config{Dir: filepath.Join(dir, "buckets"), Access: accessKey, Secret: secret, IAM: roles})
	s.must(err)
	tb.Cleanup(func() { endpoint.Close(context.Background()) })
	client := blob.NewClient(endpoint.URL(), scope.Region, accessKey, secret)
	s.objects = blob.New(blob.Config{Client: client})
	_, err = client.CreateBucket(tb.Context(), &s3.CreateBucketInput{Bucket: aws.String("shop-data")})
	s.must(err)
	resolver := blob.NewLocal(blob.LocalConfig{IAM: roles, Client: client, Reader: endpoint.Reader()})
	st, err := sqlite.Open(tb.Context(), sqlite.Config{Path: filepath.Join(dir, "meta.db"), Logger: log})
	s.must(err)
	tb.Cleanup(func() { st.Close() })
	s.store = st
	tables, err := lake.Open(tb.Context(), lake.Config{Dir: filepath.Join(dir, "lake"), Log: log})
	s.must(err)
	tb.Cleanup(func() { tables.Close() })
	events, err := event.Open(tb.Context(), event.Config{Dir: filepath.Join(dir, "events"), Store: st, Lake: tables, Logger: log})
	s.must(err)
	tb.Cleanup(func() { s.must(events.Close(context.Background())) })
	models, err := artifact.OpenFolder(filepath.Join(dir, "models"))
	s.must(err)
	s.runtime, err = serve.New(serve.Config{Models: models, Campaign: st.Campaign})
	s.must(err)
	s.service, err = control.New(control.Config{
		Scope: scope, Store: st, Lake: tables, Records: events, Models: models, Serve: s.runtime, TokenKey: []byte("sixteen bytes or more"), TempDir: tb.TempDir(),
		Access: func(ctx context.Context, role string, caller bespoke.Caller) (control.Objects, error) {
			return resolver.Open(ctx, role, caller)
		},
		MaxBadRows: 20, Workers: 1, Memory: 16 << 20, KeepSnapshots: time.Hour, Logger: log, Observe: func(control.ImportProgress) {},
	})
	s.must(err)
	s.Handlers = s.service.Handlers()
	s.runtime.Bind(&s.Handlers)
	verifier, err := awsapi.NewVerifier(awsapi.VerifierConfig{Credentials: func(_ context.Context, key string) (awsapi.Credential, bool) {
		return awsapi.Credential{Secret: secret, Caller: root}, key == accessKey
	}})
	s.must(err)
	api, err := awsapi.New(awsapi.Config{Handlers: s.Handlers, Verifier: verifier, Logger: log})
	s.must(err)
	listener := httptest.NewServer(extension.New(api, s.service, s.runtime, scope))
	tb.Cleanup(listener.Close)
	s.url = listener.URL
	return s
}

func (s *server) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// answer is what a request got.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// send sends a request with an empty body, signed for a service, or not at all
// for "".
func (s *server) send(method, path, service string) answer {
	s.Helper()
	req, err := http.NewRequestWithContext(s.Context(), method, s.url+path, nil)
	s.must(err)
	if service != "" {
		sum := sha256.Sum256(nil)
		key := aws.Credentials{AccessKeyID: accessKey, SecretAccessKey: secret}
		s.must(v4.NewSigner().SignHTTP(s.Context(), key, req, hex.EncodeToString(sum[:]), service, scope.Region, time.Now()))
	}
	resp, err := http.DefaultClient.Do(req)
	s.must(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	s.must(err)
	return answer{resp.StatusCode, resp.Header, body}
}

// code is the error code of an answer.
func (a answer) code() string {
	var e struct {
		Type string `json:"__type"`
	}
	if json.Unmarshal(a.body, &e) != nil {
		return ""
	}
	return e.Type
}

func (s *server) advance(arn bespoke.ARN) {
	s.Helper()
	s.must(s.service.Advance(s.Context(), arn))
}

const interactions = `{"type":"record","name":"Interactions","namespace":"com.amazonaws.personalize.schema","version":"1.0","fields":[
	{"name":"USER_ID","type":"string"},{"name":"ITEM_ID","type":"string"},{"name":"TIMESTAMP","type":"long"}]}`

// shop makes the dataset of interactions of a group named shop.
func (s *server) shop() {
	s.Helper()
	_, err := s.CreateSchema(s.ctx, &wire.CreateSchemaRequest{Name: "interactions", Schema: interactions})
	s.must(err)
	_, err = s.CreateDatasetGroup(s.ctx, &wire.CreateDatasetGroupRequest{Name: "shop"})
	s.must(err)
	s.advance(scope.DatasetGroup("shop"))
	_, err = s.CreateDataset(s.ctx, &wire.CreateDatasetRequest{
		Name: "d", DatasetType: "Interactions", DatasetGroupArn: string(scope.DatasetGroup("shop")), SchemaArn: string(scope.Schema("interactions")),
	})
	s.must(err)
	s.advance(scope.Dataset("shop", bespoke.Interactions))
}

// accept makes an import job that waits to be advanced.
func (s *server) accept(name, content string) {
	s.Helper()
	o, err := s.objects.Put(s.ctx, "shop-data", name+".csv", strings.NewReader(content))
	s.must(err)
	_, err = s.CreateDatasetImportJob(s.ctx, &wire.CreateDatasetImportJobRequest{
		JobName: name, DatasetArn: string(scope.Dataset("shop", bespoke.Interactions)), DataSource: &wire.DataSource{DataLocation: o.String()},
	})
	s.must(err)
}

// export makes an export job that waits to be advanced, as a role that may do
// everything.
func (s *server) export(name string) {
	s.Helper()
	role, err := s.roles.CreateRole(iam.Role{Name: name, Trust: `{"Statement":{"Effect":"Allow","Principal":{"Service":"personalize.amazonaws.com"},"Action":"sts:AssumeRole"}}`})
	s.must(err)
	s.must(s.roles.PutRolePolicy(name, "p", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`))
	_, err = s.CreateDatasetExportJob(s.ctx, &wire.CreateDatasetExportJobRequest{
		JobName: name, DatasetArn: string(scope.Dataset("shop", bespoke.Interactions)), RoleArn: role.ARN, IngestionMode: "ALL",
		JobOutput: &wire.DatasetExportJobOutput{S3DataDestination: &wire.S3DataConfig{Path: "s3://shop-data/out"}},
	})
	s.must(err)
}

// trained makes a solution and a version of it that waits to be advanced.
func (s *server) trained() (version string) {
	s.Helper()
	_, err := s.CreateSolution(s.ctx, &wire.CreateSolutionRequest{
		Name: "shop", DatasetGroupArn: string(scope.DatasetGroup("shop")), RecipeArn: "arn:aws:personalize:::recipe/aws-popularity-count",
	})
	s.must(err)
	s.advance(scope.Solution("shop"))
	out, err := s.CreateSolutionVersion(s.ctx, &wire.CreateSolutionVersionRequest{SolutionArn: string(scope.Solution("shop"))})
	s.must(err)
	return out.SolutionVersionArn
}

// deployed makes a campaign that waits to be advanced.
func (s *server) deployed(version string) bespoke.ARN {
	s.Helper()
	out, err := s.CreateCampaign(s.ctx, &wire.CreateCampaignRequest{Name: "shop", SolutionVersionArn: version})
	s.must(err)
	return bespoke.ARN(out.CampaignArn)
}
