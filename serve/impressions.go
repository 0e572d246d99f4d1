package serve

import "math/rand/v2"

// impressions is of how many of a user's newest events the impressions count.
const impressions = 10

// Impression is what was shown to a user when they took an item.
type Impression struct {
	Taken string
	Items []string // nil where the event does not list them
	// RecommendationID is that of the answer that the event refers to, "" for none.
	RecommendationID string
}

// weary returns the items not to explore this time for a user: what was shown n
// times and never taken, with the chance n/(n+1).
func (s *Server) weary(d *Deployment, user string) map[itemKey]bool {
	if s.cfg.Live == nil || user == "" {
		return nil
	}
	all := s.cfg.Live.Impressions(d.GroupARN, user, impressions)
	if len(all) == 0 {
		return nil
	}
	shown, taken, answers := map[itemKey]int{}, map[itemKey]bool{}, map[string]bool{}
	for _, im := range all {
		taken[keyOf(im.Taken)] = true
		for _, it := range im.Items {
			shown[keyOf(it)]++
		}
		if im.Items == nil && !answers[im.RecommendationID] { // what the event lists counts, not what was answered
			answers[im.RecommendationID] = true
			for _, it := range s.given.items(im.RecommendationID) {
				shown[it]++
			}
		}
	}
	out := map[itemKey]bool{}
	for it, n := range shown {
		out[it] = !taken[it] && rand.IntN(n+1) > 0
	}
	return out
}
