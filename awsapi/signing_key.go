package awsapi

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strings"
	"sync"
)

// signingKey makes signatures for one access key, date, region and service.
// Deriving it costs four hashes of each kind; a server that is asked often
// keeps it. Safe for concurrent use.
type signingKey struct {
	secret string
	macs   sync.Pool // of hash.Hash
}

func deriveKey(secret string, a *authorization) *signingKey {
	key := []byte("AWS4" + secret)
	for _, part := range [...]string{a.date, a.region, a.service, terminator} {
		m := hmac.New(sha256.New, key)
		m.Write([]byte(part))
		key = m.Sum(nil)
	}
	return &signingKey{secret: secret, macs: sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}}
}

// matches reports, in a time that does not depend on the answer, whether
// signature is that of text.
func (k *signingKey) matches(text []byte, signature string) bool {
	m := k.macs.Get().(hash.Hash)
	defer k.macs.Put(m)
	m.Reset()
	m.Write(text)
	var sum [sha256.Size]byte
	var digits [2 * sha256.Size]byte
	hex.Encode(digits[:], m.Sum(sum[:0]))
	return hmac.Equal(digits[:], []byte(signature))
}

// keyRing keeps the signing keys that verified a request. The zero value is
// empty and ready.
type keyRing struct {
	mu   sync.RWMutex
	keys map[keyName]*signingKey
}

type keyName struct{ accessKey, scope string }

// maxKeys bounds a ring. It is emptied when full: all but the keys of one day
// are of no use any more, and those in use come back with the next request.
const maxKeys = 1000

// get returns a kept key, nil if there is none or the secret has changed since.
func (r *keyRing) get(a *authorization, secret string) *signingKey {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if k := r.keys[keyName{a.accessKey, a.scope}]; k != nil && k.secret == secret {
		return k
	}
	return nil
}

func (r *keyRing) put(a *authorization, k *signingKey) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.keys == nil || len(r.keys) >= maxKeys {
		r.keys = map[keyName]*signingKey{}
	}
	// The request's memory is not to live as long as the key.
	r.keys[keyName{strings.Clone(a.accessKey), strings.Clone(a.scope)}] = k
}
