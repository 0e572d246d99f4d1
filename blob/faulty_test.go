package blob_test

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"bespoke"
	"bespoke/blob"
	"bespoke/test/faulty"
)

// hasty reads without much patience.
var hasty = blob.Retry{Stall: 300 * time.Millisecond, Attempts: 4, MinWait: time.Millisecond, MaxWait: 4 * time.Millisecond}

// behind is the gateway behind a proxy, and an object in it.
func behind(t *testing.T) (g gateway, p *faulty.Proxy, s *blob.Store, o bespoke.Object, content string) {
	t.Helper()
	g = startGateway(t)
	g.makeBucket(t, "shop")
	content = randomText(t, 300_000)
	o = put(t, blob.New(blob.Config{Client: g.client}), "shop", "a", content)
	p = faulty.Start(t, "http://"+g.addr)
	s = blob.New(blob.Config{Client: blob.NewClient(p.URL, "us-east-1", rootKey, rootSecret), Retry: hasty})
	return g, p, s, o, content
}

// TestFaults has each fault three times in a row, which is gone round, and then
// without end, which is told.
func TestFaults(t *testing.T) {
	t.Parallel()
	g, _, _, o, content := behind(t)
	for _, c := range []struct {
		name  string
		fault faulty.Fault
		kind  error  // without end
		text  string // of that error
	}{
		{"SlowDown", faulty.Refuse(503, "SlowDown"), blob.ErrUnavailable, "SlowDown"},
		{"InternalError", faulty.Refuse(500, "InternalError"), blob.ErrUnavailable, "InternalError"},
		{"RequestTimeout", faulty.Refuse(400, "RequestTimeout"), blob.ErrUnavailable, "RequestTimeout"},
		{"TooManyRequests", faulty.Refuse(429, "TooManyRequests"), blob.ErrUnavailable, "TooManyRequests"},
		{"ClockSkew", faulty.Refuse(403, "RequestTimeTooSkewed"), blob.ErrUnavailable, "RequestTimeTooSkewed"},
		{"NotXML", func(_ *faulty.Proxy, w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "bad gateway", http.StatusBadGateway)
		}, blob.ErrUnavailable, "502"},
		{"ResetAtOnce", faulty.Reset(0), blob.ErrUnavailable, "byte 0 of 300000"},
		{"ResetSoon", faulty.Reset(1000), blob.ErrUnavailable, "broken at byte 4000 of 300000"},
		{"Short", faulty.Short(1000), blob.ErrUnavailable, "unexpected EOF"},
		{"TornChunks", faulty.Chunks(1000, true), blob.ErrUnavailable, "unexpected EOF"},
		{"FewChunks", faulty.Chunks(1000, false), blob.ErrUnavailable, "unexpected EOF"},
		{"Silence", faulty.Silence, blob.ErrUnavailable, "sends nothing"},
		{"Stall", faulty.Stall(1000), blob.ErrUnavailable, "sends nothing"},
		{"Trickle", faulty.Trickle(5 * time.Millisecond), blob.ErrUnavailable, "next to nothing"},
		{"LengthTooLarge", faulty.Length(7), blob.ErrAnswer, "300007 come"},
		{"LengthTooSmall", faulty.Length(-7), blob.ErrAnswer, "299993 come"},
		{"NoETag", faulty.NoETag, blob.ErrAnswer, "no ETag"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := faulty.Start(t, "http://"+g.addr)
			s := blob.New(blob.Config{Client: blob.NewClient(p.URL, "us-east-1", rootKey, rootSecret), Retry: hasty})
			p.Set(faulty.First(c.fault, c.fault, c.fault))
			if got, err := read(t, s, o, 0, -1); err != nil || got != content {
				t.Errorf("three times: read %d bytes, %v", len(got), err)
			}
			if n := p.Reads(); n < 4 {
				t.Errorf("%d reads, want 4", n)
			}
			p.Set(faulty.Always(c.fault))
			if got, err := read(t, s, o, 0, -1); !errors.Is(err, c.kind) || !strings.Contains(fmt.Sprint(err), c.text) || !strings.HasPrefix(content, got) {
				t.Errorf("always: read %d bytes, %v", len(got), err)
			}
			if n := p.Reads(); n != 4 {
				t.Errorf("%d reads, want 4", n)
			}
		})
	}
}

// TestOtherRange asks for a part and gets another, or the whole.
func TestOtherRange(t *testing.T) {
	t.Parallel()
	_, p, s, o, content := behind(t)
	for name, f := range map[string]faulty.Fault{"Other": faulty.OtherRange, "Whole": faulty.Whole(content)} {
		p.Set(faulty.First(f, f))
		if got, err := read(t, s, o, 1000, 5000); err != nil || got != content[1000:6000] {
			t.Errorf("%s, twice: read %d bytes, %v", name, len(got), err)
		}
		p.Set(faulty.Always(f))
		if got, err := read(t, s, o, 1000, 5000); !errors.Is(err, blob.ErrAnswer) || got != "" {
			t.Errorf("%s, always: read %d bytes, %v", name, len(got), err)
		}
	}
}

// TestFinal has answers that the next request would get as well.
func TestFinal(t *testing.T) {
	t.Parallel()
	g, p, s, o, _ := behind(t)
	direct := blob.New(blob.Config{Client: g.client})
	remove := func() {
		if _, err := g.client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &o.Bucket, Key: &o.Key}); err != nil {
			t.Error(err)
		}
	}
	for _, c := range []struct {
		name  string
		fault faulty.Fault
		kind  error
		reads int64
	}{
		{"Denied", faulty.Refuse(403, "AccessDenied"), blob.ErrDenied, 1},
		{"Redirect", faulty.Redirect(301, "http://127.0.0.1:1"), blob.ErrRefused, 1},
		{"Found", faulty.Redirect(302, p.URL), blob.ErrRefused, 1},
		{"BadRequest", faulty.Refuse(400, "InvalidArgument"), blob.ErrRefused, 1},
		{"Expired", faulty.Refuse(400, "ExpiredToken"), blob.ErrExpired, 1}, // these keys cannot be renewed
		{"Changed", faulty.ResetAfter(1000, func() { put(t, direct, "shop", "a", randomText(t, 300_000)) }), blob.ErrChanged, 2},
		{"Deleted", faulty.ResetAfter(1000, remove), blob.ErrNotFound, 2},
	} {
		p.Set(faulty.First(c.fault))
		now, err := direct.Stat(t.Context(), "shop", "a")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := read(t, s, now, 0, -1); !errors.Is(err, c.kind) || len(got) > 1000 {
			t.Errorf("%s: read %d bytes, %v", c.name, len(got), err)
		}
		if n := p.Reads(); n != c.reads {
			t.Errorf("%s: %d reads, want %d", c.name, n, c.reads)
		}
	}
}

// TestRenew lets the credentials of a role expire in the midst of a body, and at
// a write: the role is assumed again, once, and it goes on. STS is a stand-in that
// hands out keys of the gateway.
func TestRenew(t *testing.T) {
	t.Parallel()
	_, p, _, o, content := behind(t)
	var assumed atomic.Int64
	sts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assumed.Add(1)
		w.Header().Set("Content-Type", "text/xml")
		fmt.Fprintf(w, `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>%s</AccessKeyId>`+
			`<SecretAccessKey>%s</SecretAccessKey><SessionToken></SessionToken><Expiration>%s</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
			rootKey, rootSecret, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	}))
	t.Cleanup(sts.Close)
	s, err := blob.NewRemote(blob.RemoteConfig{
		AWS:      aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider(rootKey, rootSecret, "")},
		Endpoint: p.URL, STSEndpoint: sts.URL, Retry: hasty,
	}).Open(t.Context(), roleARN, bespoke.Caller{})
	if err != nil {
		t.Fatal(err)
	}
	expired := faulty.Refuse(400, "ExpiredToken")
	p.Set(faulty.First(faulty.Reset(100_000), expired))
	if got, err := read(t, s, o, 0, -1); err != nil || got != content {
		t.Errorf("read %d bytes, %v", len(got), err)
	}
	if n := assumed.Load(); n != 2 {
		t.Errorf("the role was assumed %d times, want 2", n)
	}
	p.Set(faulty.First(faulty.Reset(100_000), expired, expired))
	if got, err := read(t, s, o, 0, -1); !errors.Is(err, blob.ErrExpired) {
		t.Errorf("still expired: read %d bytes, %v", len(got), err)
	}
	p.SetWrites(faulty.First(expired))
	put(t, s, "shop", "b", "x")
}

// TestListAndStat has the other calls fail a few times.
func TestListAndStat(t *testing.T) {
	t.Parallel()
	g, _, _, o, _ := behind(t)
	var n atomic.Int64
	shaky := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch n.Add(1) {
		case 1:
			w.WriteHeader(http.StatusServiceUnavailable)
		case 2:
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done() // until the client has had enough
		default:
			r2 := r.Clone(r.Context())
			r2.URL.Scheme, r2.URL.Host, r2.RequestURI = "http", g.addr, ""
			resp, err := http.DefaultTransport.RoundTrip(r2)
			if err != nil {
				panic(http.ErrAbortHandler)
			}
			defer resp.Body.Close()
			maps.Copy(w.Header(), resp.Header)
			w.WriteHeader(resp.StatusCode)
			_, _ = io.Copy(w, resp.Body)
		}
	}))
	t.Cleanup(shaky.Close)
	s := blob.New(blob.Config{Client: blob.NewClient(shaky.URL, "us-east-1", rootKey, rootSecret), Retry: hasty})
	if got, err := s.Stat(t.Context(), "shop", "a"); err != nil || got != o {
		t.Errorf("stat: %+v, %v", got, err)
	}
	n.Store(0)
	if err := first(t, s, "shop", ""); err != nil {
		t.Errorf("list: %v", err)
	}
}

// TestPutStalls writes to an S3 that takes everything and answers nothing.
func TestPutStalls(t *testing.T) {
	t.Parallel()
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}))
	t.Cleanup(silent.Close)
	s, err := blob.NewRemote(blob.RemoteConfig{
		AWS: aws.Config{
			Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider(rootKey, rootSecret, ""), RetryMaxAttempts: 1,
		},
		Endpoint: silent.URL, Retry: blob.Retry{Stall: 20 * time.Millisecond},
	}).Open(t.Context(), "", bespoke.Caller{})
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{4, 9 << 20} {
		if _, err := s.Put(t.Context(), "shop", "a", strings.NewReader(randomText(t, size))); err == nil || !strings.Contains(err.Error(), "timeout") {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}
