package control

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"

	"bespoke"
	"bespoke/store"
)

// A page token is opaque to clients: base64url of a version byte, the creation
// time of the last item shown in milliseconds, that item's row ID, and a
// truncated HMAC. The HMAC covers the list and its filter too, so that a token
// is good for the list that it came from and nothing else.
const (
	tokenVersion = 1
	tokenBody    = 1 + 8 + 8
	tokenSize    = tokenBody + 16
)

// pageToken returns the token that continues list after p, or "" at the end.
// list names the operation and its filter.
func (s *Service) pageToken(list string, p store.Position) string {
	if p.IsZero() {
		return ""
	}
	b := make([]byte, tokenBody, tokenSize)
	b[0] = tokenVersion
	binary.BigEndian.PutUint64(b[1:], uint64(p.Created.UnixMilli()))
	binary.BigEndian.PutUint64(b[9:], uint64(p.ID))
	return base64.RawURLEncoding.EncodeToString(append(b, s.tokenMAC(list, b)...))
}

// parsePageToken is the inverse. A token that this server has not made for
// this list is an InvalidNextTokenException.
func (s *Service) parsePageToken(list, token string) (store.Position, error) {
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(b) != tokenSize || b[0] != tokenVersion || !hmac.Equal(b[tokenBody:], s.tokenMAC(list, b[:tokenBody])) {
		return store.Position{}, bespoke.Errorf(bespoke.InvalidNextToken,
			"The nextToken is not one that this list has returned. Use the token of the previous page with the same filter, or none to start again.")
	}
	return store.Position{
		Created: time.UnixMilli(int64(binary.BigEndian.Uint64(b[1:]))).UTC(),
		ID:      int64(binary.BigEndian.Uint64(b[9:])),
	}, nil
}

func (s *Service) tokenMAC(list string, body []byte) []byte {
	h := hmac.New(sha256.New, s.cfg.TokenKey)
	h.Write(body)
	h.Write([]byte(list))
	return h.Sum(nil)[:tokenSize-tokenBody]
}
