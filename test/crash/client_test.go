package crash_test

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
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// place is where a server listens, as it notes it in its data folder.
type place struct {
	PID    int    `json:"pid"`
	API    string `json:"api"`
	S3     string `json:"s3"`
	Region string `json:"region"`
}

// keyPair is what requests are signed with.
type keyPair struct {
	AccessKey string `json:"accessKeyId"`
	Secret    string `json:"secretAccessKey"`
}

// client makes signed calls, each once: an SDK would repeat a call whose answer
// is lost, and what became of the first would not be known. Safe for concurrent
// use.
type client struct {
	at   place
	key  keyPair
	http http.Client
}

func newClient(at place, key keyPair) *client {
	return &client{at: at, key: key, http: http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 16}}}
}

// refusal is an error that the server has answered. Any other error of a call
// says that its answer is lost.
type refusal struct {
	Status  int
	Type    string `json:"__type"`
	Message string `json:"message"`
}

func (e *refusal) Error() string { return fmt.Sprintf("%d %s: %s", e.Status, e.Type, e.Message) }

// notFound reports whether err says that the resource does not exist.
func notFound(err error) bool {
	r, ok := errors.AsType[*refusal](err)
	return ok && r.Type == "ResourceNotFoundException"
}

// answered reports whether the server has answered at all.
func answered(err error) bool {
	_, refused := errors.AsType[*refusal](err)
	return err == nil || refused
}

type fields map[string]any

// call runs one operation of the API.
func (c *client) call(ctx context.Context, operation string, in fields, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.at.API+"/", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	req.Header.Set("X-Amz-Target", "AmazonPersonalize."+operation)
	if err := c.do(req, "personalize", body, out); err != nil {
		return fmt.Errorf("%s: %w", operation, err)
	}
	return nil
}

// post makes a call of personalize-events or personalize-runtime.
func (c *client) post(ctx context.Context, path string, in fields, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.at.API+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if err := c.do(req, "personalize", body, out); err != nil {
		return fmt.Errorf("POST %s: %w", path, err)
	}
	return nil
}

// get reads one of the extensions' documents.
func (c *client) get(ctx context.Context, path string, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.at.API+"/bespoke/v1/"+path, nil)
	if err != nil {
		return err
	}
	if err := c.do(req, "personalize", nil, out); err != nil {
		return fmt.Errorf("GET %s: %w", path, err)
	}
	return nil
}

// object reads an object.
func (c *client) object(ctx context.Context, path string) (content []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.at.S3+"/"+path, nil)
	if err != nil {
		return nil, err
	}
	if err := c.do(req, "s3", nil, &content); err != nil {
		return nil, fmt.Errorf("GET %s: %w", path, err)
	}
	return content, nil
}

// iam makes a call of IAM that answers nothing of interest.
func (c *client) iam(ctx context.Context, parameters url.Values) error {
	parameters.Set("Version", "2010-05-08")
	body := []byte(parameters.Encode())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.at.API+"/", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return c.do(req, "iam", body, nil)
}

// put writes an object, or makes a bucket where path has no slash.
func (c *client) put(ctx context.Context, path string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, c.at.S3+"/"+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if err := c.do(req, "s3", body, nil); err != nil {
		return fmt.Errorf("PUT %s: %w", path, err)
	}
	return nil
}

// do sends a request; out is what to decode the answer into, a *[]byte for the
// answer as it is, or nil.
func (c *client) do(req *http.Request, service string, body []byte, out any) error {
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:])
	if service == "s3" {
		req.Header.Set("X-Amz-Content-Sha256", hash)
	}
	key := aws.Credentials{AccessKeyID: c.key.AccessKey, SecretAccessKey: c.key.Secret}
	if err := v4.NewSigner().SignHTTP(req.Context(), key, req, hash, service, c.at.Region, time.Now()); err != nil {
		return err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		e := &refusal{Status: resp.StatusCode}
		if json.Unmarshal(answer, e) != nil {
			e.Message = strings.TrimSpace(string(answer))
		}
		return e
	}
	switch out := out.(type) {
	case nil:
		return nil
	case *[]byte:
		*out = answer
		return nil
	}
	return json.Unmarshal(answer, out)
}

// described is what the Describe operations have in common.
type described struct{ Status, FailureReason string }

// describe returns where a resource stands; kind is as in the operation's name.
func (c *client) describe(ctx context.Context, kind, arn string) (described, error) {
	member := strings.ToLower(kind[:1]) + kind[1:]
	var out map[string]described
	err := c.call(ctx, "Describe"+kind, fields{member + "Arn": arn}, &out)
	return out[member], err
}
