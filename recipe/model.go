package recipe

import "bespoke/history"

// Model answers queries. It is immutable: any number of goroutines may use it.
type Model interface {
	// Items is the catalogue: the number of each item that the model knows.
	// Queries and answers speak in these numbers.
	Items() *history.Dictionary
	// Rank returns the best items for q, best first, at most q.K of them.
	// Fewer come back if fewer are to be had. Equal scores are in the order of
	// the item numbers, so that an answer is repeatable.
	Rank(q Query) []Scored
	// Encode writes the model, for Recipe.Decode.
	Encode(e *Encoder)
}

// Attentive is a Model whose answers depend on contexts or users' attributes.
type Attentive interface {
	Model
	// ContextColumns and UserColumns name the columns that a query's Context and
	// Attributes are looked at for.
	ContextColumns() []string
	UserColumns() []string
}

// Query is one question. Which fields count depends on the recipe's type.
type Query struct {
	// History is the user's interactions, oldest first, those after training
	// included. Items that the model does not know are to be left out.
	History []Event
	// Item is the item to find similar ones for; ItemKnown is false if the
	// model does not know it.
	Item      uint32
	ItemKnown bool
	// Only lists the items to rank; nil means the whole catalogue. Items that
	// the model knows nothing of come last, without a score.
	Only []uint32
	// Skip reports items that must not be in the answer; nil means none.
	Skip func(item uint32) bool
	K    int
	// Context is what is known of the moment, by columns of the interactions, and
	// Attributes what is known of the user, by columns of the Users dataset: text
	// as requests and files have it. Other columns and unknown values say nothing.
	Context, Attributes map[string]string
	// Why asks for the Because of each item.
	Why bool
}

// Event is one interaction of the user that is asked about.
type Event struct {
	Item uint32
	Time int64 // Unix seconds
}

// Skips reports whether item must not be in the answer.
func (q *Query) Skips(item uint32) bool { return q.Skip != nil && q.Skip(item) }

// Exploration says how often places of an answer go to new items instead of
// those that a model ranks there; it is done to answers, not by models. The zero
// value never explores.
type Exploration struct {
	// Chance is the probability, 0 to 1, that a place is given to exploration.
	Chance float64
	// MaxAgeDays bounds the age of new items, counted back from the newest
	// interaction that is known.
	MaxAgeDays float64
}

// Scored is one item of an answer.
type Scored struct {
	Item uint32
	// Score is comparable within one answer only, and NaN for items that the
	// model has no opinion of.
	Score float64
	Why   Why
	// Because lists the items of the history, or the asked item, and the attributes
	// that carried the most weight, most first. It is filled if Query.Why is set, and only
	// where Why is Relevant.
	Because []Because
}

// Why is the reason for which an item is in an answer.
type Why uint8

// The reasons.
const (
	Relevant Why = iota // it fits the history or the asked item
	Popular             // many like it
	Trending            // it gains
	Explored            // it is new and gets a chance
)

func (w Why) String() string {
	return [...]string{"relevant", "popular", "trending", "explored"}[w]
}

// Because is the part in a recommendation of an item, or of a value of the context
// or an attribute.
type Because struct {
	Item uint32
	// Attribute is "" for an item. Otherwise it says where a value is from and what
	// it is: "context DEVICE=phone", "user AGE=18..24" or "item GENRE=War".
	Attribute string
	Share     float64 // of all positive weight, 0 to 1
}

// ExploreBy returns the exploration of a campaign's explorationWeight, 0 to 1,
// and explorationItemAgeCutOff in days. The chance of a place is the weight's
// square: the default weight of 0.3 gives 9 % of the places to new items.
func ExploreBy(weight, cutOffDays float64) Exploration {
	return Exploration{Chance: weight * weight, MaxAgeDays: cutOffDays}
}
