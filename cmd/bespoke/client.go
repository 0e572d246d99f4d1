package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// client speaks to a running server as any other SDK would: signed requests to
// the public API and to the extensions.
type client struct {
	server running
	creds  credentials
	http   http.Client
}

func newClient(r running, c credentials) *client {
	return &client{server: r, creds: c, http: http.Client{Timeout: time.Minute}}
}

// apiError is an error answer of the server.
type apiError struct {
	Type    string `json:"__type"`
	Message string `json:"message"`
}

func (e *apiError) Error() string { return e.Type + ": " + e.Message }

// call runs one operation of the control plane.
func (c *client) call(ctx context.Context, operation string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.server.API+"/", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	req.Header.Set("X-Amz-Target", "AmazonPersonalize."+operation)
	return c.do(req, "personalize", body, out)
}

// iam makes a call of IAM that answers nothing of interest.
func (c *client) iam(ctx context.Context, action string, parameters map[string]string) error {
	form := url.Values{"Action": {action}, "Version": {"2010-05-08"}}
	for name, value := range parameters {
		form.Set(name, value)
	}
	body := []byte(form.Encode())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.server.API+"/", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return c.do(req, "iam", body, nil)
}

// get reads one of the extensions' documents.
func (c *client) get(ctx context.Context, path string, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.server.API+path, nil)
	if err != nil {
		return err
	}
	return c.do(req, "personalize", nil, out)
}

// post asks one of the extensions to do something.
func (c *client) post(ctx context.Context, path string, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.server.API+path, nil)
	if err != nil {
		return err
	}
	return c.do(req, "personalize", nil, out)
}

func (c *client) do(req *http.Request, service string, body []byte, out any) error {
	sum := sha256.Sum256(body)
	key := aws.Credentials{AccessKeyID: c.creds.AccessKey, SecretAccessKey: c.creds.Secret}
	if err := v4.NewSigner().SignHTTP(req.Context(), key, req, hex.EncodeToString(sum[:]), service, c.server.Region, time.Now()); err != nil {
		return err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("the server at %s does not answer: %w", c.server.API, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		e := &apiError{Type: resp.Status}
		if json.Unmarshal(answer, e) != nil {
			e.Message = string(answer)
		}
		return e
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer, out)
}
