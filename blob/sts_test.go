package blob_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"bespoke"
	"bespoke/blob"
)

// TestAssumeRole assumes roles at an STS server of somebody else's and reads
// from its S3: moto, which checks the signatures and policies of those who call
// it. The gateway of the other tests has no AssumeRole. BESPOKE_TEST_MOTO names
// moto's program, moto_server, of version 5.2.5 or later: earlier ones find
// fault with signatures of queries that hold a slash.
func TestAssumeRole(t *testing.T) {
	t.Parallel()
	program := os.Getenv("BESPOKE_TEST_MOTO")
	if program == "" {
		t.Skip("BESPOKE_TEST_MOTO is not set: run make test, or set it to the moto_server of test/blob/requirements.txt")
	}
	endpoint := startMoto(t, program)
	m := moto{t, endpoint}

	// An administrator, then roles: one that may read below in/, one without
	// any right.
	m.iam("Action=CreateUser&UserName=server")
	key, secret := m.accessKey("server")
	m.iam("Action=PutUserPolicy&UserName=server&PolicyName=p&PolicyDocument=" + url.QueryEscape(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*","sts:*"],"Resource":"*"}]}`))
	for _, role := range []string{"reader", "nothing"} {
		m.iam("Action=CreateRole&RoleName=" + role + "&AssumeRolePolicyDocument=" + url.QueryEscape(
			`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}`))
	}
	m.iam("Action=PutRolePolicy&RoleName=reader&PolicyName=p&PolicyDocument=" + url.QueryEscape(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::shop"},
		{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::shop/in/*"}]}`))
	m.post("/moto-api/reset-auth", "text/plain", "0") // from now on, every request is checked

	resolver := func(key, secret string) *blob.Resolver {
		return blob.NewRemote(blob.RemoteConfig{
			AWS:      aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider(key, secret, "")},
			Endpoint: endpoint, STSEndpoint: endpoint,
		})
	}
	r := resolver(key, secret)
	open := func(role string) *blob.Store {
		t.Helper()
		s, err := r.Open(t.Context(), role, bespoke.Caller{})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	own := open("")
	if _, err := blob.NewClient(endpoint, "us-east-1", key, secret).CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("shop")}); err != nil {
		t.Fatal(err)
	}
	in, out := put(t, own, "shop", "in/a.csv", "content"), put(t, own, "shop", "out/b.csv", "content")

	reader := open(roleARN)
	if reader != open(roleARN) {
		t.Error("a role is assumed anew for every call")
	}
	if got, err := read(t, reader, in, 1, 3); got != "ont" || err != nil {
		t.Errorf("read %q, %v", got, err)
	}
	if err := first(t, reader, "shop", "in/"); err != nil {
		t.Errorf("list: %v", err)
	}
	_, err := read(t, reader, out, 0, -1)
	for what, err := range map[string]error{
		"another prefix": err,
		"no rights":      first(t, open("arn:aws:iam::123456789012:role/nothing"), "shop", "in/"),
	} {
		if !errors.Is(err, blob.ErrDenied) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := resolver("AKIAUNKNOWN", "secret").Open(t.Context(), roleARN, bespoke.Caller{}); !errors.Is(err, blob.ErrRole) {
		t.Errorf("unknown server: %v", err)
	}
}

// startMoto runs moto on a free port and returns its address once it answers.
func startMoto(t *testing.T, program string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().(*net.TCPAddr)
	l.Close()
	var output bytes.Buffer
	cmd := exec.Command(program, "-H", "127.0.0.1", "-p", fmt.Sprint(addr.Port))
	cmd.Env = append(os.Environ(), "INITIAL_NO_AUTH_ACTION_COUNT=1000000")
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	endpoint := "http://" + addr.String()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for tick := time.NewTicker(50 * time.Millisecond); ; {
		if resp, err := http.Get(endpoint + "/moto-api/"); err == nil {
			resp.Body.Close()
			return endpoint
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("moto does not answer")
		}
	}
}

// moto is a running moto server, set up by its administrator.
type moto struct {
	t        *testing.T
	endpoint string
}

func (m moto) post(path, kind, body string) string {
	m.t.Helper()
	req, err := http.NewRequestWithContext(m.t.Context(), http.MethodPost, m.endpoint+path, strings.NewReader(body))
	if err != nil {
		m.t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=admin/20300101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=none")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		m.t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		m.t.Fatalf("%s %s: %s %s, %v", path, body, resp.Status, answer, err)
	}
	return string(answer)
}

func (m moto) iam(form string) string {
	m.t.Helper()
	return m.post("/", "application/x-www-form-urlencoded", form+"&Version=2010-05-08")
}

func (m moto) accessKey(user string) (key, secret string) {
	m.t.Helper()
	answer := m.iam("Action=CreateAccessKey&UserName=" + user)
	between := func(tag string) string {
		_, after, _ := strings.Cut(answer, "<"+tag+">")
		value, _, _ := strings.Cut(after, "<")
		return value
	}
	return between("AccessKeyId"), between("SecretAccessKey")
}
