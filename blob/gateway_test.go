package blob_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/versity/versitygw/auth"
	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"
	"github.com/versity/versitygw/s3api"

	"bespoke/blob"
)

// With this variable set, the test binary is an S3 server: versitygw over the
// folder that the variable names, with its own accounts.
const gatewayDir = "BESPOKE_TEST_GATEWAY"

func TestMain(m *testing.M) {
	if dir := os.Getenv(gatewayDir); dir != "" {
		fmt.Fprintln(os.Stderr, serveGateway(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// Keys of the gateway's accounts.
const (
	rootKey, rootSecret = "AKIAROOT", "root's secret"
	userKey, userSecret = "AKIAUSER", "user's secret"
)

// serveGateway prints its address and serves until its standard input ends,
// which it does with the test.
func serveGateway(dir string) error {
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	addr := l.Addr().String()
	l.Close()
	be, err := posix.New(dir, meta.XattrMeta{}, posix.PosixOpts{})
	if err != nil {
		return err
	}
	accounts, err := auth.NewInternal(auth.Account{Access: rootKey, Secret: rootSecret, Role: auth.RoleAdmin}, os.Getenv(gatewayDir+"_ACCOUNTS"))
	if err != nil {
		return err
	}
	if err := accounts.CreateAccount(auth.Account{Access: userKey, Secret: userSecret, Role: auth.RoleUser}); err != nil {
		return err
	}
	return embedgw.RunVersityGW(ctx, be, &embedgw.Config{
		RootUserAccess: rootKey, RootUserSecret: rootSecret, Region: "us-east-1", Ports: []string{addr}, IAMService: accounts,
		MaxConnections: 100, MaxRequests: 100, MultipartMaxParts: 10_000, Quiet: true, KeepAlive: true,
		S3Options: []s3api.Option{s3api.WithOnListen(func() { fmt.Println("address", addr) })},
	})
}

// gateway is a running S3 server in another process.
type gateway struct {
	addr   string
	dir    string // its buckets
	client *s3.Client
}

func startGateway(t *testing.T) gateway {
	t.Helper()
	g := gateway{dir: t.TempDir()}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), gatewayDir+"="+g.dir, gatewayDir+"_ACCOUNTS="+t.TempDir())
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	for g.addr == "" && lines.Scan() {
		g.addr, _ = strings.CutPrefix(lines.Text(), "address ")
	}
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		io.Copy(io.Discard, stdout)
	}()
	t.Cleanup(func() {
		stdin.Close()
		<-drained
		cmd.Wait()
	})
	if g.addr == "" {
		t.Fatalf("the gateway did not start: %s", &stderr)
	}
	g.client = blob.NewClient("http://"+g.addr, "us-east-1", rootKey, rootSecret)
	return g
}

func (g gateway) makeBucket(t *testing.T, name string) {
	t.Helper()
	if _, err := g.client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}); err != nil {
		t.Fatal(err)
	}
}
