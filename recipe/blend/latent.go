package blend

import (
	"slices"

	"bespoke/recipe"
	"bespoke/recipe/als"
	"bespoke/recipe/neural"
	"bespoke/recipe/vector"
)

// latent is the part of the score that has vectors for each item: the factors',
// the network's, or both. One that does not count is nil.
type latent struct {
	factors *als.Model
	network *neural.Model
}

// without leaves out what has no weight.
func (l latent) without(b *Blend) latent {
	if b.Factors == 0 {
		l.factors = nil
	}
	if b.Network == 0 {
		l.network = nil
	}
	return l
}

func (l latent) encode(e *recipe.Encoder) {
	e.Int(flag(l.factors != nil))
	if l.factors != nil {
		l.factors.Encode(e)
	}
	e.Int(flag(l.network != nil))
	if l.network != nil {
		l.network.Encode(e)
	}
}

func decodeLatent(d *recipe.Decoder, items int) (l latent) {
	if d.Int() == 1 {
		l.factors = als.Decode(d, items)
	}
	if d.Int() == 1 {
		l.network = neural.Decode(d, items)
	}
	return l
}

func flag(on bool) int64 {
	if on {
		return 1
	}
	return 0
}

// gaze is one history as the latent part sees it. Its memory is used again for
// the next one.
type gaze struct {
	latent
	b       *Blend
	fades   []float32 // weights of the items for the factors, the newest first
	folder  *als.Folder
	thinker *neural.Thinker

	past            []uint32  // newest first
	folded, thought []float32 // the vectors of the history
	scale           float32   // of the factors' scores
	more            []float32 // the factors' scores beside the network's
}

func (l latent) gaze(b *Blend) *gaze {
	g := &gaze{latent: l.without(b), b: b, fades: weightsOf(b.Fade, folded)}
	if g.factors != nil {
		g.folder = g.factors.Folder()
	}
	if g.network != nil {
		g.thinker = g.network.Thinker()
	}
	return g
}

// fetch asks memory for what look will read.
func (g *gaze) fetch(past []uint32) {
	if g.network != nil {
		g.network.Fetch(past)
	}
}

// look takes a history in, the newest item first.
func (g *gaze) look(past []uint32) {
	if g.past = past; len(past) == 0 {
		return
	}
	if g.factors != nil {
		n := g.seen()
		g.folded = g.folder.Fold(past[:n], g.fades[:n])
		g.scale = float32(g.b.Factors / max(g.factors.Spread(g.folded), 1e-12))
	}
	if g.network != nil {
		g.thought = g.thinker.Vector(past)
	}
}

// seen is how many items of the history the factors see.
func (g *gaze) seen() int { return min(len(g.past), len(g.fades)) }

// scores sets out[i] to what the latent part gives items[i].
func (g *gaze) scores(out []float32, items []uint32) {
	switch {
	case len(g.past) == 0 || g.latent == latent{}:
		clear(out)
	case g.network == nil:
		g.factors.Scores(out, g.folded, items)
		vector.Scale(out, g.scale)
	default:
		g.network.Scores(out, g.thought, items)
		vector.Scale(out, float32(g.b.Network))
		if g.factors != nil {
			g.more = slices.Grow(g.more[:0], len(items))[:len(items)]
			g.factors.Scores(g.more, g.folded, items)
			vector.Add(out, g.scale, g.more)
		}
	}
}

// likes reports whether the history speaks for an item.
func (g *gaze) likes(j uint32) bool {
	if len(g.past) == 0 {
		return false
	}
	return g.factors != nil && g.factors.Score(g.folded, j) > 0 ||
		g.network != nil && g.network.Score(g.thought, j) > g.network.Bias[j]
}

// parts adds how much each item of the history speaks for j. The factors' score
// is a sum over the history; the network's is not, so there it is what the score
// would lose without the item.
func (g *gaze) parts(j uint32, parts map[uint32]float32) {
	if len(g.past) == 0 {
		return
	}
	if g.factors != nil {
		n := g.seen()
		for d, share := range g.factors.Shares(j, g.past[:n], g.fades[:n]) {
			parts[g.past[d]] += g.scale * share
		}
	}
	if g.network != nil {
		all, th := g.network.Score(g.thought, j), g.network.Thinker()
		rest := make([]uint32, 0, len(g.past))
		for d, i := range g.past[:min(len(g.past), g.network.Window)] {
			rest = append(append(rest[:0], g.past[:d]...), g.past[d+1:]...)
			parts[i] += float32(g.b.Network) * (all - g.network.Score(th.Vector(rest), j))
		}
	}
}
