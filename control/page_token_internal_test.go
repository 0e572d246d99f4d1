package control

import (
	"encoding/base64"
	"errors"
	"testing"
	"time"

	"bespoke"
	"bespoke/store"
)

// tokens is as much of a service as page tokens need.
func tokens(key string) *Service { return &Service{cfg: Config{TokenKey: []byte(key)}} }

func TestPageToken(t *testing.T) {
	t.Parallel()
	s := tokens("the key of a server")
	f := func(p store.Position) {
		t.Helper()
		got, err := s.parsePageToken("ListSchemas", s.pageToken("ListSchemas", p))
		if err != nil || !got.Created.Equal(p.Created) || got.ID != p.ID {
			t.Errorf("%+v came back as %+v, %v", p, got, err)
		}
	}
	f(store.Position{Created: time.UnixMilli(1_700_000_000_123), ID: 1})
	f(store.Position{Created: time.UnixMilli(0), ID: 1<<63 - 1})
	f(store.Position{Created: time.UnixMilli(-1), ID: 7})
	if token := s.pageToken("ListSchemas", store.Position{}); token != "" {
		t.Errorf("the end of a list has the token %q", token)
	}
}

// TestPageTokenTampered changes each bit of a token in turn.
func TestPageTokenTampered(t *testing.T) {
	t.Parallel()
	s := tokens("the key of a server")
	token, err := base64.RawURLEncoding.DecodeString(s.pageToken("ListSchemas", store.Position{Created: time.UnixMilli(1), ID: 1}))
	if err != nil {
		t.Fatal(err)
	}
	for bit := range 8 * len(token) {
		changed := append([]byte(nil), token...)
		changed[bit/8] ^= 1 << (bit % 8)
		if p, err := s.parsePageToken("ListSchemas", base64.RawURLEncoding.EncodeToString(changed)); !invalidToken(err) {
			t.Errorf("with bit %d changed: %+v, %v", bit, p, err)
		}
	}
}

// TestPageTokenElsewhere uses tokens where they do not belong.
func TestPageTokenElsewhere(t *testing.T) {
	t.Parallel()
	at := store.Position{Created: time.UnixMilli(1), ID: 1}
	f := func(from *Service, list string, to *Service, other string) {
		t.Helper()
		if p, err := to.parsePageToken(other, from.pageToken(list, at)); !invalidToken(err) {
			t.Errorf("a token of %q is good for %q: %+v, %v", list, other, p, err)
		}
	}
	one, two := tokens("the key of a server"), tokens("the key of another")
	f(one, "ListSchemas", one, "ListDatasetGroups")
	f(one, "ListDatasets a", one, "ListDatasets b")
	f(one, "ListDatasets a", one, "ListDatasets ")
	f(one, "ListSchemas", two, "ListSchemas")
}

// FuzzPageToken finds no text but the server's own tokens that is one.
func FuzzPageToken(f *testing.F) {
	s := tokens("the key of a server")
	valid := s.pageToken("ListSchemas", store.Position{Created: time.UnixMilli(1_700_000_000_123), ID: 42})
	for _, seed := range []string{valid, valid[:len(valid)-1], valid + "=", "A" + valid[1:], "", "AQ", "not base64!", valid + valid} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		p, err := s.parsePageToken("ListSchemas", token)
		if err != nil {
			if !invalidToken(err) {
				t.Fatalf("%q: %v", token, err)
			}
			return
		}
		b, err := base64.RawURLEncoding.DecodeString(s.pageToken("ListSchemas", p))
		if err != nil {
			t.Fatal(err)
		}
		if given, err := base64.RawURLEncoding.DecodeString(token); err != nil || string(given) != string(b) {
			t.Fatalf("%q was taken for %+v, whose token is another", token, p)
		}
	})
}

func invalidToken(err error) bool {
	e, ok := errors.AsType[*bespoke.Error](err)
	return ok && e.Code == bespoke.InvalidNextToken
}
