// Package product runs the built binary as its users do, for benchmarks: a
// server on a data folder of its own, called with signed requests.
package product

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// Server is a running `bespoke serve`.
type Server struct {
	binary, data string
	cmd          *exec.Cmd
	log          bytes.Buffer
	env          map[string]string // as `bespoke env` prints it
}

// Start starts the binary on the data folder and waits until it answers.
func Start(ctx context.Context, binary, data string) (*Server, error) {
	s := &Server{binary: binary, data: data}
	s.cmd = exec.CommandContext(ctx, binary, "serve", "--data", data, "--listen", "127.0.0.1:0", "--s3-listen", "127.0.0.1:0")
	s.cmd.Stderr = &s.log
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	out, err := exec.CommandContext(ctx, binary, "env", "--data", data, "--json", "--wait", "30s").Output()
	if err == nil {
		err = json.Unmarshal(out, &s.env)
	}
	if err != nil {
		stopped := s.Stop()
		return nil, errors.Join(fmt.Errorf("the server does not start: %w\n%s", err, s.log.String()), stopped)
	}
	return s, nil
}

// Stop ends the server and waits for it.
func (s *Server) Stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return s.cmd.Wait()
}

// Used returns the processor time and the peak of the memory, in bytes, that a
// stopped server took.
func (s *Server) Used() (cpu time.Duration, peak int64) {
	p := s.cmd.ProcessState
	return p.UserTime() + p.SystemTime(), p.SysUsage().(*syscall.Rusage).Maxrss << 10
}

// ARN returns the ARN of a resource of the server's account.
func (s *Server) ARN(resource string) string {
	return "arn:aws:personalize:" + s.env["AWS_REGION"] + ":000000000000:" + resource
}

// Import makes a dataset group of the interactions in a CSV file.
func (s *Server) Import(ctx context.Context, group, csv string) error {
	out, err := exec.CommandContext(ctx, s.binary, "import", "--json", "--data", s.data, "--dataset-group", group, csv).CombinedOutput()
	if err != nil {
		return fmt.Errorf("import: %w: %s", err, out)
	}
	return nil
}

// Make creates a resource, such as a SolutionVersion, and waits until it is
// ACTIVE.
func (s *Server) Make(ctx context.Context, kind string, in map[string]any) (arn string, err error) {
	var created map[string]string
	if err := s.operation(ctx, "Create"+kind, in, &created); err != nil {
		return "", err
	}
	member := strings.ToLower(kind[:1]) + kind[1:]
	arn = created[member+"Arn"]
	for {
		var out map[string]map[string]any
		if err := s.operation(ctx, "Describe"+kind, map[string]any{member + "Arn": arn}, &out); err != nil {
			return "", err
		}
		switch r := out[member]; r["status"] {
		case "ACTIVE":
			return arn, nil
		case "CREATE FAILED":
			return "", fmt.Errorf("%s: %v", kind, r["failureReason"])
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// operation calls one of the control plane's.
func (s *Server) operation(ctx context.Context, name string, in map[string]any, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Endpoint()+"/", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("X-Amz-Target", "AmazonPersonalize."+name)
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	return s.do(req, body, out)
}

// Get reads a document below /bespoke/v1/.
func (s *Server) Get(ctx context.Context, path string, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Endpoint()+"/bespoke/v1/"+path, nil)
	if err != nil {
		return err
	}
	return s.do(req, nil, out)
}

// Endpoint is the URL of the API, without a slash at the end.
func (s *Server) Endpoint() string { return s.env["AWS_ENDPOINT_URL_PERSONALIZE"] }

// Sign signs a request that has this body.
func (s *Server) Sign(req *http.Request, body []byte) error {
	sum := sha256.Sum256(body)
	key := aws.Credentials{AccessKeyID: s.env["AWS_ACCESS_KEY_ID"], SecretAccessKey: s.env["AWS_SECRET_ACCESS_KEY"]}
	return v4.NewSigner().SignHTTP(req.Context(), key, req, hex.EncodeToString(sum[:]), "personalize", s.env["AWS_REGION"], time.Now())
}

func (s *Server) do(req *http.Request, body []byte, out any) error {
	if err := s.Sign(req, body); err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s: %s", req.Method, req.URL.Path, resp.Status, answer)
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(answer, out)
}
