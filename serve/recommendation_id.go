package serve

import (
	"encoding/binary"
	"math/rand/v2"
	"strings"

	"github.com/google/uuid"
	"github.com/zeebo/xxh3"

	"bespoke"
	"bespoke/awsapi/wire"
)

// idPrefix begins recommendation IDs, as at Amazon; a UUID follows.
const idPrefix = "RID-"

// newID returns the ID of an answer of the deployment: a UUID whose first 48 bits
// say where the answer is remembered, and whose last 48 follow from the others and
// the campaign. So the campaign of an ID is known for as long as there is the
// campaign, without any memory of the answer. The IDs of strangers are taken for a
// campaign's once in 2^48.
func (s *Server) newID(d *Deployment) uuid.UUID {
	var id uuid.UUID
	binary.BigEndian.PutUint32(id[6:], rand.Uint32())
	id[6] = id[6]&0x0f | 0x40 // version 4, of random ones
	id[8] = id[8]&0x3f | 0x80
	s.given.place(&id)
	mark(&id, d.seed)
	return id
}

// remember keeps an answer and returns its ID.
func (s *Server) remember(d *Deployment, items []wire.PredictedItem) string {
	id := s.newID(d)
	s.given.add(id, d.Campaign, items)
	return textOf(id)
}

// textOf returns an ID as the API has it.
func textOf(id uuid.UUID) string { return idPrefix + id.String() }

// parseID is the inverse of textOf.
func parseID(text string) (uuid.UUID, bool) {
	text, ok := strings.CutPrefix(text, idPrefix)
	id, err := uuid.Parse(text)
	return id, ok && err == nil
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
	got, ok := parseID(id)
	if !ok {
		return "", false
	}
	if g := s.given.get(got); g != nil {
		return g.campaign, true
	}
	for campaign, d := range *s.deployed.Load() {
		want := got
		if mark(&want, d.seed); want == got {
			return campaign, true
		}
	}
	return "", false
}
