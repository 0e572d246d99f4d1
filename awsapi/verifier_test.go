package awsapi_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"bespoke"
	"bespoke/awsapi"
)

// now is the clock of the verifiers in these tests, and what requests are
// signed for unless they say otherwise.
var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

var (
	ada     = aws.Credentials{AccessKeyID: "AKIDADA", SecretAccessKey: "ada's secret"}
	session = aws.Credentials{AccessKeyID: "ASIASESSION", SecretAccessKey: "s", SessionToken: "token=="}
	expired = aws.Credentials{AccessKeyID: "ASIAEXPIRED", SecretAccessKey: "s", SessionToken: "old"}
)

// credentials knows the three above.
func credentials(_ context.Context, key string) (awsapi.Credential, bool) {
	for _, c := range []aws.Credentials{ada, session, expired} {
		if c.AccessKeyID != key {
			continue
		}
		out := awsapi.Credential{Secret: c.SecretAccessKey, SessionToken: c.SessionToken, Caller: bespoke.Caller{ARN: "arn:aws:iam::000000000000:user/" + key}}
		if c.AccessKeyID == expired.AccessKeyID {
			out.Expires = now
		}
		return out, true
	}
	return awsapi.Credential{}, false
}

func newVerifier(t testing.TB, edit func(*awsapi.VerifierConfig)) *awsapi.Verifier {
	t.Helper()
	cfg := awsapi.VerifierConfig{Credentials: credentials, Clock: func() time.Time { return now }}
	if edit != nil {
		edit(&cfg)
	}
	v, err := awsapi.NewVerifier(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// signing is how a request is signed; the zero value means ada, now, for
// personalize in us-east-1.
type signing struct {
	creds           aws.Credentials
	service, region string
	at              time.Time
	hash            string // the body's, if it is to be another one
}

// sign signs r with the signer of the AWS SDK for Go.
func sign(t testing.TB, r *http.Request, body string, s signing) {
	t.Helper()
	if s.creds.AccessKeyID == "" {
		s.creds = ada
	}
	if s.service == "" {
		s.service = "personalize"
	}
	if s.region == "" {
		s.region = "us-east-1"
	}
	if s.at.IsZero() {
		s.at = now
	}
	if s.hash == "" {
		sum := sha256.Sum256([]byte(body))
		s.hash = hex.EncodeToString(sum[:])
	}
	if err := v4.NewSigner().SignHTTP(context.Background(), s.creds, r, s.hash, s.service, s.region, s.at); err != nil {
		t.Fatal(err)
	}
}

// request returns an unsigned request as a server receives it.
func request(method, url, body string) *http.Request {
	r := httptest.NewRequest(method, url, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "AmazonPersonalize.ListSchemas")
	return r
}

func code(err error) bespoke.Code {
	if e, ok := errors.AsType[*bespoke.Error](err); ok {
		return e.Code
	}
	return ""
}

func TestVerify(t *testing.T) {
	t.Parallel()
	v := newVerifier(t, nil)
	f := func(name, method, url, body string, s signing, edit func(*http.Request)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for range 2 { // the second time with a kept key
				r := request(method, url, body)
				if edit != nil {
					edit(r)
				}
				sign(t, r, body, s)
				got, err := v.Verify(r)
				if err != nil {
					t.Fatal(err)
				}
				if string(got.Body) != body || got.Caller.ARN == "" || got.Caller.AccessKeyID == "" {
					t.Errorf("got %+v", got)
				}
				if want := s.service; want != "" && got.Service != want {
					t.Errorf("service %q, want %q", got.Service, want)
				}
				if want := s.region; want != "" && got.Region != want {
					t.Errorf("region %q, want %q", got.Region, want)
				}
			}
		})
	}
	f("plain", "POST", "http://localhost:8080/", `{}`, signing{}, nil)
	f("empty body", "GET", "http://localhost/healthz", ``, signing{}, nil)
	f("iam", "POST", "http://localhost/", `Action=ListRoles&Version=2010-05-08`, signing{service: "iam"}, nil)
	f("sts", "POST", "http://localhost/", `Action=GetCallerIdentity`, signing{service: "sts", region: "eu-central-1"}, nil)
	f("session", "POST", "http://localhost/", `{}`, signing{creds: session}, nil)
	f("oldest", "POST", "http://localhost/", `{}`, signing{at: now.Add(-15 * time.Minute)}, nil)
	f("newest", "POST", "http://localhost/", `{}`, signing{at: now.Add(15 * time.Minute)}, nil)
	f("query", "GET", "http://localhost/?b=2&a=1&b=1&c&d=%2Fx%20y&e=ü~*", ``, signing{}, func(r *http.Request) {
		r.URL.RawQuery = "b=2&a=1&b=1&c=&d=%2Fx+y&e=%C3%BC~%2A"
	})
	f("path", "GET", "http://localhost/bespoke/v1/datasets/arn:aws:personalize:us-east-1:000000000000:dataset%2Fg%2FITEMS", ``, signing{}, nil)
	f("path with characters", "GET", "http://localhost/a%20b/%C3%BC/(x)/~", ``, signing{}, nil)
	f("header with blanks", "POST", "http://localhost/", `{}`, signing{}, func(r *http.Request) {
		r.Header["X-Amz-Meta"] = []string{"  a   b ", "c"}
	})
	f("hash header", "POST", "http://localhost/", `{}`, signing{}, func(r *http.Request) {
		sum := sha256.Sum256([]byte(`{}`))
		r.Header.Set("X-Amz-Content-Sha256", hex.EncodeToString(sum[:]))
	})
	f("chunked", "POST", "http://localhost/", `{"a":"b"}`, signing{}, func(r *http.Request) { r.ContentLength = -1 })
}

// TestTamper changes signed requests, one thing at a time.
func TestTamper(t *testing.T) {
	t.Parallel()
	v := newVerifier(t, func(c *awsapi.VerifierConfig) { c.Region, c.MaxBody = "us-east-1", 64 })
	auth := func(old, new string) func(*http.Request) {
		return func(r *http.Request) {
			h := r.Header.Get("Authorization")
			if !strings.Contains(h, old) {
				panic(fmt.Sprintf("%q is not in %q", old, h))
			}
			r.Header.Set("Authorization", strings.Replace(h, old, new, 1))
		}
	}
	f := func(name string, want bespoke.Code, says string, s signing, change func(*http.Request)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := request("POST", "http://localhost/?a=1", `{"a":"b"}`)
			sign(t, r, `{"a":"b"}`, s)
			if change != nil {
				change(r)
			}
			got, err := v.Verify(r)
			if code(err) != want || !strings.Contains(err.Error(), says) {
				t.Errorf("got %+v, %v; want %s: %s", got, err, want, says)
			}
		})
	}
	none := signing{}
	// No header, or not one of this kind.
	f("unsigned", bespoke.MissingAuth, "Missing Authentication Token", none, func(r *http.Request) { r.Header.Del("Authorization") })
	f("presigned", bespoke.IncompleteSign, "Authorization header", none, func(r *http.Request) {
		r.Header.Del("Authorization")
		r.URL.RawQuery += "&X-Amz-Signature=abc"
	})
	f("basic", bespoke.IncompleteSign, "algorithm", none, func(r *http.Request) { r.SetBasicAuth("a", "b") })
	f("algorithm", bespoke.IncompleteSign, "AWS4-ECDSA-P256-SHA256", none, auth("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"))
	f("no parts", bespoke.IncompleteSign, "'' not a valid key=value pair", none, func(r *http.Request) { r.Header.Set("Authorization", "AWS4-HMAC-SHA256") })
	f("no credential", bespoke.IncompleteSign, "requires 'Credential'", none, auth("Credential=", "X="))
	f("no signature", bespoke.IncompleteSign, "requires 'Signature'", none, auth("Signature=", "X="))
	f("no headers", bespoke.IncompleteSign, "requires 'SignedHeaders'", none, auth("SignedHeaders=", "X="))
	f("short scope", bespoke.IncompleteSign, "KEY/YYYYMMDD", none, auth("/aws4_request", ""))
	f("other terminator", bespoke.IncompleteSign, "KEY/YYYYMMDD", none, auth("/aws4_request", "/aws5_request"))
	f("long scope", bespoke.IncompleteSign, "KEY/YYYYMMDD", none, auth("AKIDADA/", "AKIDADA/x/"))
	f("no region", bespoke.IncompleteSign, "KEY/YYYYMMDD", none, auth("/us-east-1/", "//"))
	f("signature in capitals", bespoke.IncompleteSign, "64 hexadecimal", none, auth("Signature=", "Signature=A"))
	f("no date", bespoke.IncompleteSign, "X-Amz-Date", none, func(r *http.Request) { r.Header.Del("X-Amz-Date") })
	f("bad date", bespoke.IncompleteSign, "ISO-8601", none, func(r *http.Request) { r.Header.Set("X-Amz-Date", "today") })

	// Whom we do not know.
	f("unknown key", bespoke.UnrecognizedKey, "security token", none, auth("AKIDADA", "AKIDEVE"))
	f("token without session", bespoke.UnrecognizedKey, "security token", none, func(r *http.Request) { r.Header.Set("X-Amz-Security-Token", "x") })
	f("session without token", bespoke.UnrecognizedKey, "security token", signing{creds: session}, func(r *http.Request) { r.Header.Del("X-Amz-Security-Token") })
	f("other token", bespoke.UnrecognizedKey, "security token", signing{creds: session}, func(r *http.Request) { r.Header.Set("X-Amz-Security-Token", "token=") })
	f("expired", bespoke.ExpiredToken, "expired", signing{creds: expired}, nil)

	// Dates.
	f("too old", bespoke.InvalidSignature, "Signature expired: 20260102T024904Z is now earlier than 20260102T024905Z (20260102T030405Z - 15 min.)", signing{at: now.Add(-15*time.Minute - time.Second)}, nil)
	f("too new", bespoke.InvalidSignature, "Signature not yet current: 20260102T031906Z is still later than", signing{at: now.Add(15*time.Minute + time.Second)}, nil)
	f("scope of another day", bespoke.InvalidSignature, "'20260101' != '20260102'", none, auth("/20260102/", "/20260101/"))
	f("other date", bespoke.InvalidSignature, "does not match", none, func(r *http.Request) { r.Header.Set("X-Amz-Date", "20260102T030406Z") })

	// What the signature covers.
	const mismatch = "The request signature we calculated does not match"
	f("wrong secret", bespoke.InvalidSignature, mismatch, signing{creds: aws.Credentials{AccessKeyID: ada.AccessKeyID, SecretAccessKey: "guess"}}, nil)
	f("other region", bespoke.InvalidSignature, "valid region, 'us-east-1' here, not 'us-west-2'", signing{region: "us-west-2"}, nil)
	f("other service", bespoke.InvalidSignature, mismatch, none, auth("/personalize/", "/iam/"))
	f("method", bespoke.InvalidSignature, mismatch, none, func(r *http.Request) { r.Method = "PUT" })
	f("path", bespoke.InvalidSignature, mismatch, none, func(r *http.Request) { r.URL.Path = "/events" })
	f("query", bespoke.InvalidSignature, mismatch, none, func(r *http.Request) { r.URL.RawQuery = "a=2" })
	f("host", bespoke.InvalidSignature, mismatch, none, func(r *http.Request) { r.Host = "evil" })
	f("target", bespoke.InvalidSignature, mismatch, none, func(r *http.Request) { r.Header.Set("X-Amz-Target", "AmazonPersonalize.DeleteSchema") })
	f("body", bespoke.InvalidSignature, mismatch, none, func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(`{"a":"c"}`)) })
	f("added target", bespoke.InvalidSignature, mismatch, none, func(r *http.Request) { r.Header.Add("X-Amz-Target", "x") })
	f("host unsigned", bespoke.InvalidSignature, "'Host' must be a 'SignedHeader'", none, auth("host;", ""))
	f("date unsigned", bespoke.InvalidSignature, "'X-Amz-Date' must be a 'SignedHeader'", none, auth("x-amz-date;", ""))
	f("target unsigned", bespoke.InvalidSignature, "'X-Amz-Target' must be a 'SignedHeader'", none, auth(";x-amz-target", ""))
	f("token unsigned", bespoke.InvalidSignature, "'X-Amz-Security-Token' must be a 'SignedHeader'", signing{creds: session}, auth(";x-amz-security-token", ""))
	f("hash added", bespoke.InvalidSignature, "'X-Amz-Content-Sha256' must be a 'SignedHeader'", none, func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD") })
	f("signature", bespoke.InvalidSignature, mismatch, none, func(r *http.Request) {
		h := r.Header.Get("Authorization")
		last := map[bool]string{true: "1", false: "0"}[h[len(h)-1] == '0']
		r.Header.Set("Authorization", h[:len(h)-1]+last)
	})

	// Bodies.
	f("body too long", bespoke.EntityTooLarge, "64 bytes", none, func(r *http.Request) { r.ContentLength = 65 })
	f("body too long, chunked", bespoke.EntityTooLarge, "64 bytes", none, func(r *http.Request) {
		r.ContentLength, r.Body = -1, io.NopCloser(strings.NewReader(strings.Repeat(" ", 65)))
	})
	f("body cut off", bespoke.Serialization, "did not arrive whole", none, func(r *http.Request) { r.ContentLength = 20 })
}

// TestUnsignedPayload refuses a signature that holds but leaves the body out.
func TestUnsignedPayload(t *testing.T) {
	t.Parallel()
	r := request("POST", "http://localhost/", `{}`)
	r.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
	sign(t, r, `{}`, signing{hash: "UNSIGNED-PAYLOAD"})
	if _, err := newVerifier(t, nil).Verify(r); code(err) != bespoke.InvalidSignature || !strings.Contains(err.Error(), "bodies must be signed") {
		t.Errorf("got %v", err)
	}
}

// TestRotation refuses the old secret of a key once it has a new one, though
// the old signing key was kept.
func TestRotation(t *testing.T) {
	t.Parallel()
	secret := "old"
	v := newVerifier(t, func(c *awsapi.VerifierConfig) {
		c.Credentials = func(context.Context, string) (awsapi.Credential, bool) {
			return awsapi.Credential{Secret: secret}, true
		}
	})
	verify := func(with string) bespoke.Code {
		r := request("POST", "http://localhost/", `{}`)
		sign(t, r, `{}`, signing{creds: aws.Credentials{AccessKeyID: "K", SecretAccessKey: with}})
		_, err := v.Verify(r)
		return code(err)
	}
	if got := verify("old"); got != "" {
		t.Errorf("the first secret: %s", got)
	}
	secret = "new"
	if got := verify("old"); got != bespoke.InvalidSignature {
		t.Errorf("the old secret: %q", got)
	}
	if got := verify("new"); got != "" {
		t.Errorf("the new secret: %s", got)
	}
}

// TestManyKeys verifies more keys than are kept, from several goroutines.
func TestManyKeys(t *testing.T) {
	t.Parallel()
	v := newVerifier(t, nil)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for i := range 1100 {
				r := request("POST", "http://localhost/", `{}`)
				sign(t, r, `{}`, signing{region: fmt.Sprint("r-", i)})
				if _, err := v.Verify(r); err != nil {
					t.Errorf("region %d: %v", i, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestVerifierConfig(t *testing.T) {
	t.Parallel()
	if _, err := awsapi.NewVerifier(awsapi.VerifierConfig{}); err == nil {
		t.Error("a verifier without credentials")
	}
	if _, err := awsapi.NewVerifier(awsapi.VerifierConfig{Credentials: credentials, MaxBody: -1}); err == nil {
		t.Error("a verifier with a negative MaxBody")
	}
}

// FuzzAuthorization feeds Authorization headers to a verifier. None may make
// it panic, and none but the true one may pass.
func FuzzAuthorization(f *testing.F) {
	v := newVerifier(f, nil)
	signed := request("POST", "http://localhost/", `{}`)
	sign(f, signed, `{}`, signing{})
	genuine := signed.Header.Get("Authorization")
	for _, seed := range []string{
		genuine, genuine + ",", strings.ReplaceAll(genuine, ", ", ","), strings.ToUpper(genuine), genuine[:len(genuine)-1],
		"", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 =,=,=", "AWS4-HMAC-SHA256 Credential=////, SignedHeaders=;;, Signature=", "Bearer x",
		"AWS4-HMAC-SHA256 Credential=AKIDADA/20260102/us-east-1/personalize/aws4_request, SignedHeaders=host;x-amz-date;x-amz-target;;\x00, Signature=" + strings.Repeat("0", 64),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		r := signed.Clone(t.Context())
		r.Body = io.NopCloser(bytes.NewReader([]byte(`{}`)))
		r.Header["Authorization"] = []string{header}
		got, err := v.Verify(r)
		if err == nil && !strings.Contains(header, genuine[len(genuine)-64:]) {
			t.Errorf("%q passes as %+v", header, got)
		}
		if err != nil && code(err) == "" {
			t.Errorf("%q: %v has no code", header, err)
		}
	})
}

func TestClaimedService(t *testing.T) {
	t.Parallel()
	r := request("POST", "http://localhost/", `Action=ListRoles`)
	if got := awsapi.ClaimedService(r); got != "" {
		t.Errorf("an unsigned request claims %q", got)
	}
	sign(t, r, `Action=ListRoles`, signing{service: "iam"})
	if got := awsapi.ClaimedService(r); got != "iam" {
		t.Errorf("got %q, want iam", got)
	}
}
