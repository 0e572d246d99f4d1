package serve

import (
	"bytes"
	"encoding/binary"
	"strings"

	"github.com/google/uuid"
	"github.com/zeebo/xxh3"

	"bespoke"
)

// idPrefix begins recommendation IDs, as at Amazon; a UUID follows.
const idPrefix = "RID-"

// newID returns the ID of an answer of the deployment: a random UUID but for its
// last 48 bits, which follow from the others and the campaign. So the campaign of
// an ID is known for as long as there is the campaign, without any memory of the
// answer. The IDs of strangers are taken for a campaign's once in 2^48.
func (d *Deployment) newID() string {
	id := uuid.New()
	mark(&id, d.seed)
	return idPrefix + id.String()
}

// seedOf is what stands for a campaign in its IDs.
func seedOf(campaign bespoke.ARN) uint64 { return xxh3.HashString(string(campaign)) }

// mark sets the last 48 bits, which in a random UUID have no other meaning.
func mark(id *uuid.UUID, seed uint64) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], xxh3.HashSeed(id[:10], seed))
	copy(id[10:], b[2:])
}

// CampaignOf returns the campaign that made the answer with this ID: one that is
// deployed, or that made one of the newest answers.
func (s *Server) CampaignOf(id string) (bespoke.ARN, bool) {
	if g, ok := s.given.get(id); ok {
		return g.campaign, true
	}
	text, ok := strings.CutPrefix(id, idPrefix)
	got, err := uuid.Parse(text)
	if !ok || err != nil {
		return "", false
	}
	for campaign, d := range *s.deployed.Load() {
		want := got
		if mark(&want, d.seed); bytes.Equal(want[:], got[:]) {
			return campaign, true
		}
	}
	return "", false
}
