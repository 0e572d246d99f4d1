package awsapi

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"bespoke"
)

// Credential is what the holder of an access key has besides it.
type Credential struct {
	Secret       string
	SessionToken string    // required of the request if set, refused if not
	Expires      time.Time // zero: never
	Caller       bespoke.Caller
}

// VerifierConfig says whom a Verifier believes.
type VerifierConfig struct {
	// Credentials finds an access key; false means that it is unknown. It is
	// called once for each request, concurrently.
	Credentials func(ctx context.Context, accessKeyID string) (Credential, bool)
	Region      string           // that requests must be signed for; "" is any
	Clock       func() time.Time // nil is time.Now
	MaxBody     int64            // bytes; 0 is DefaultMaxBody
}

const (
	// DefaultMaxBody is four times what the largest request needs that the
	// API model allows, ten items with 32,000 characters of properties each.
	DefaultMaxBody = 5 << 20

	// MaxSkew is how far a request's date may be from the server's clock.
	MaxSkew = 15 * time.Minute
)

// Verifier checks the signatures of requests: Signature Version 4 in the
// Authorization header, with the body's hash signed. It knows nothing of
// services and serves any of them. Safe for concurrent use.
//
// Its errors are *bespoke.Error with the codes of AWS's JSON services:
//
//	MissingAuthenticationTokenException  no Authorization header
//	IncompleteSignature                  header malformed, or a part missing
//	UnrecognizedClientException          access key or session token unknown
//	ExpiredTokenException                session expired
//	InvalidSignatureException            everything else: wrong secret, changed
//	                                     request, date too old or too new
//	RequestEntityTooLargeException       body above MaxBody
//	SerializationException               body cut off
//
// SDKs correct their clock by the Date header of an InvalidSignatureException,
// which is why a wrong date has that code and not one of its own.
type Verifier struct {
	cfg  VerifierConfig
	keys keyRing
}

// NewVerifier checks cfg and fills in its defaults.
func NewVerifier(cfg VerifierConfig) (*Verifier, error) {
	if cfg.Credentials == nil {
		return nil, errors.New("awsapi: VerifierConfig.Credentials is nil")
	}
	if cfg.MaxBody < 0 {
		return nil, fmt.Errorf("awsapi: VerifierConfig.MaxBody is %d", cfg.MaxBody)
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	cfg.MaxBody = cmp.Or(cfg.MaxBody, DefaultMaxBody)
	return &Verifier{cfg: cfg}, nil
}

// Signed is a request whose signature holds.
type Signed struct {
	Service string // that it was signed for: personalize, iam, sts
	Region  string
	Caller  bespoke.Caller
	Body    []byte
}

// Verify checks r's signature and reads its body. The body is read only once
// the access key is known and the date acceptable.
func (v *Verifier) Verify(r *http.Request) (Signed, error) {
	a, err := v.authorization(r)
	if err != nil {
		return Signed{}, err
	}
	cred, err := v.credential(r, &a)
	if err != nil {
		return Signed{}, err
	}
	if err := v.checkScope(r, &a); err != nil {
		return Signed{}, err
	}
	body, err := v.readBody(r)
	if err != nil {
		return Signed{}, err
	}
	if err := v.checkSignature(r, &a, cred.Secret, body); err != nil {
		return Signed{}, err
	}
	caller := cred.Caller
	caller.AccessKeyID = cmp.Or(caller.AccessKeyID, a.accessKey)
	return Signed{Service: a.service, Region: a.region, Caller: caller, Body: body}, nil
}

func (v *Verifier) authorization(r *http.Request) (authorization, error) {
	header := r.Header.Get("Authorization")
	if header != "" {
		return parseAuthorization(header)
	}
	if r.URL.Query().Has("X-Amz-Signature") {
		return authorization{}, bespoke.Errorf(bespoke.IncompleteSign, "Signatures in the query string are not accepted here. Send the Authorization header.")
	}
	return authorization{}, bespoke.Errorf(bespoke.MissingAuth, "Missing Authentication Token. Sign the request with Signature Version 4.")
}

// credential finds the access key and checks the session that it belongs to.
func (v *Verifier) credential(r *http.Request, a *authorization) (Credential, error) {
	cred, ok := v.cfg.Credentials(r.Context(), a.accessKey)
	token := r.Header.Get("X-Amz-Security-Token")
	if !ok || subtle.ConstantTimeCompare([]byte(token), []byte(cred.SessionToken)) != 1 {
		return cred, bespoke.Errorf(bespoke.UnrecognizedKey, "The security token included in the request is invalid.")
	}
	if !cred.Expires.IsZero() && !v.cfg.Clock().Before(cred.Expires) {
		return cred, bespoke.Errorf(bespoke.ExpiredToken, "The security token included in the request is expired")
	}
	return cred, nil
}

// mustSign are the headers that must be signed where a request has them; all
// that change what a request means or who sends it.
var mustSign = [...]struct{ canonical, lower string }{
	{"X-Amz-Date", "x-amz-date"},
	{"X-Amz-Target", "x-amz-target"},
	{"X-Amz-Security-Token", "x-amz-security-token"},
	{"X-Amz-Content-Sha256", "x-amz-content-sha256"},
}

// amzDate is the layout of X-Amz-Date.
const amzDate = "20060102T150405Z"

// checkScope checks date and region, and that the signature covers what it
// must.
func (v *Verifier) checkScope(r *http.Request, a *authorization) error {
	date := r.Header.Get("X-Amz-Date")
	if date == "" {
		return bespoke.Errorf(bespoke.IncompleteSign, "Authorization header requires existence of an 'X-Amz-Date' header.")
	}
	at, err := time.Parse(amzDate, date)
	if err != nil {
		return bespoke.Errorf(bespoke.IncompleteSign, "Date must be in ISO-8601 'basic format'. Got '%s'. See http://en.wikipedia.org/wiki/ISO_8601", cut(date))
	}
	if date[:8] != a.date {
		return invalid("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '%s' != '%s', from '%s'.", a.date, date[:8], date)
	}
	now := v.cfg.Clock().UTC()
	if early := now.Add(-MaxSkew); at.Before(early) {
		return invalid("Signature expired: %s is now earlier than %s (%s - 15 min.)", date, early.Format(amzDate), now.Format(amzDate))
	}
	if late := now.Add(MaxSkew); at.After(late) {
		return invalid("Signature not yet current: %s is still later than %s (%s + 15 min.)", date, late.Format(amzDate), now.Format(amzDate))
	}
	if v.cfg.Region != "" && a.region != v.cfg.Region {
		return invalid("Credential should be scoped to a valid region, '%s' here, not '%s'.", v.cfg.Region, cut(a.region))
	}
	if !a.signs("host") {
		return invalid("'Host' must be a 'SignedHeader' in the AWS Authorization.")
	}
	for _, h := range mustSign {
		if len(r.Header[h.canonical]) > 0 && !a.signs(h.lower) {
			return invalid("'%s' must be a 'SignedHeader' in the AWS Authorization.", h.canonical)
		}
	}
	return nil
}

func (v *Verifier) readBody(r *http.Request) ([]byte, error) {
	if r.ContentLength > v.cfg.MaxBody {
		return nil, v.tooLarge()
	}
	if r.ContentLength >= 0 {
		body := make([]byte, r.ContentLength)
		if _, err := io.ReadFull(r.Body, body); err != nil {
			return nil, incomplete(err)
		}
		return body, nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, v.cfg.MaxBody+1))
	if err != nil {
		return nil, incomplete(err)
	}
	if int64(len(body)) > v.cfg.MaxBody {
		return nil, v.tooLarge()
	}
	return body, nil
}

func incomplete(cause error) error {
	return &bespoke.Error{Code: bespoke.Serialization, Msg: "The request body did not arrive whole.", Cause: cause}
}

func (v *Verifier) tooLarge() error {
	return bespoke.Errorf(bespoke.EntityTooLarge, "The request body is larger than %d bytes.", v.cfg.MaxBody)
}

// scratch holds the buffers in which canonical requests are put together.
var scratch = sync.Pool{New: func() any { return new([]byte) }}

func (v *Verifier) checkSignature(r *http.Request, a *authorization, secret string, body []byte) error {
	sum := sha256.Sum256(body)
	var bodyHash [2 * sha256.Size]byte
	hex.Encode(bodyHash[:], sum[:])
	if claimed := r.Header.Get("X-Amz-Content-Sha256"); claimed != "" && claimed != string(bodyHash[:]) {
		return invalid("The X-Amz-Content-Sha256 header is not the SHA-256 hash of the request body. Send the hash in hexadecimal; bodies must be signed.")
	}
	buf := scratch.Get().(*[]byte)
	defer scratch.Put(buf)
	b := appendCanonical((*buf)[:0], r, a.headers, bodyHash[:])
	sum = sha256.Sum256(b)
	b = append(b[:0], algorithm+"\n"...)
	b = append(b, r.Header.Get("X-Amz-Date")...)
	b = append(b, '\n')
	b = append(b, a.scope...)
	b = append(b, '\n')
	b = hex.AppendEncode(b, sum[:])
	*buf = b

	key := v.keys.get(a, secret)
	fresh := key == nil
	if fresh {
		key = deriveKey(secret, a)
	}
	if !key.matches(b, a.signature) {
		return invalid("The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")
	}
	if fresh { // kept only now: strangers cannot fill the ring
		v.keys.put(a, key)
	}
	return nil
}

func invalid(format string, args ...any) error {
	return bespoke.Errorf(bespoke.InvalidSignature, format, args...)
}
