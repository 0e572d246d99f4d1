package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// client is one connection.
type client struct {
	srv      *server
	http     *http.Client
	signer   *v4.Signer
	rng      *rand.Rand
	tracking string
	events   int
	body     bytes.Buffer
}

func newClient(srv *server, tracking string, n, events int) *client {
	return &client{
		srv: srv, tracking: tracking, events: events, signer: v4.NewSigner(),
		http: &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}, Timeout: time.Minute},
		rng:  rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), uint64(n))),
	}
}

// send makes calls one after another until the time, and returns how long each took.
func (c *client) send(ctx context.Context, until time.Time) (took []time.Duration, err error) {
	defer c.http.CloseIdleConnections()
	for now := time.Now(); now.Before(until); now = time.Now() {
		c.body.Reset()
		c.write(now)
		if _, err := c.post(ctx, "/events", nil); err != nil {
			return took, err
		}
		took = append(took, time.Since(now))
	}
	return took, nil
}

// write makes the next call's body: a user of 10,000 and items of 2,000.
func (c *client) write(now time.Time) {
	b := &c.body
	user := c.rng.IntN(10_000)
	fmt.Fprintf(b, `{"trackingId":%q,"userId":"user-%d","sessionId":"session-%d","eventList":[`, c.tracking, user, user)
	for i := range c.events {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(b, `{"eventId":"%016x","eventType":"watch","itemId":"item-%d","sentAt":%d,"eventValue":%.2f,"recommendationId":"RID-%08x","properties":"{\"device\":\"phone\"}"}`,
			c.rng.Uint64(), c.rng.IntN(2000), now.Unix(), c.rng.Float64(), c.rng.Uint32())
	}
	b.WriteString("]}")
}

// post sends the body, signed, to a path of the API and returns the answer.
func (c *client) post(ctx context.Context, path string, header http.Header) ([]byte, error) {
	sum := sha256.Sum256(c.body.Bytes())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.srv.env["AWS_ENDPOINT_URL_PERSONALIZE"]+path, bytes.NewReader(c.body.Bytes()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	for k, v := range header {
		req.Header[k] = v
	}
	return c.do(req, hex.EncodeToString(sum[:]))
}

func (c *client) do(req *http.Request, sum string) ([]byte, error) {
	creds := aws.Credentials{AccessKeyID: c.srv.env["AWS_ACCESS_KEY_ID"], SecretAccessKey: c.srv.env["AWS_SECRET_ACCESS_KEY"]}
	if err := c.signer.SignHTTP(req.Context(), creds, req, sum, "personalize", c.srv.env["AWS_REGION"], time.Now()); err != nil {
		return nil, err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	out, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", req.URL.Path, res.Status, out)
	}
	return out, err
}

// call makes a call of the control plane.
func (c *client) call(ctx context.Context, operation, body string) ([]byte, error) {
	c.body.Reset()
	c.body.WriteString(body)
	return c.post(ctx, "/", http.Header{"Content-Type": {"application/x-amz-json-1.1"}, "X-Amz-Target": {"AmazonPersonalize." + operation}})
}

// get reads a path of the extensions.
func (c *client) get(ctx context.Context, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.srv.env["AWS_ENDPOINT_URL_PERSONALIZE"]+path, nil)
	if err != nil {
		return nil, err
	}
	empty := sha256.Sum256(nil)
	return c.do(req, hex.EncodeToString(empty[:]))
}
