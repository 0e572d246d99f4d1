package schema

import "bespoke"

// limit is how many metadata columns a schema may have beyond reserved ones.
var limit = map[bespoke.DatasetType]int{
	bespoke.Interactions:       5,
	bespoke.Users:              25,
	bespoke.Items:              100,
	bespoke.Actions:            10,
	bespoke.ActionInteractions: 5,
}

// word is a reserved column name and what a column of that name must be.
type word struct {
	name     string
	typ      Type
	required bool // must be present, and never null
	attr     attr
	// metadata is set on reserved columns that describe the record, and so count
	// as its metadata field; those that steer the service do not.
	metadata bool
	also     Type // a second type that is tolerated, 0 if none
}

type attr uint8

const (
	plain attr = iota
	categorical
	textual
)

func (a attr) String() string {
	return [...]string{plain: "neither categorical nor textual", categorical: "categorical", textual: "textual"}[a]
}

// Shorthands for the tables below.
func need(name string, t Type) word       { return word{name: name, typ: t, required: true} }
func may(name string, t Type) word        { return word{name: name, typ: t} }
func label(name string) word              { return word{name: name, typ: String, attr: categorical, metadata: true} }
func needLabel(name string) word          { w := label(name); w.required = true; return w }
func number(name string, t Type) word     { return word{name: name, typ: t, metadata: true} }
func freeText(name string) word           { return word{name: name, typ: String, attr: textual, metadata: true} }
func either(w word, also Type) word       { w.also = also; return w }
func needNumber(name string, t Type) word { w := number(name, t); w.required = true; return w }

// reserved returns the reserved columns of a dataset type in a domain. Optional
// ones may be null everywhere: an absent column is a column of nulls.
func reserved(t bespoke.DatasetType, d bespoke.Domain) []word {
	switch t {
	case bespoke.Interactions:
		event := may("EVENT_TYPE", String)
		event.required = d != bespoke.Custom
		return []word{
			need("USER_ID", String), need("ITEM_ID", String), need("TIMESTAMP", Long), event,
			may("EVENT_VALUE", Float), may("IMPRESSION", String),
			may("RECOMMENDATION_ID", String), may("EVENT_ATTRIBUTION_SOURCE", String),
		}
	case bespoke.Users:
		if d == bespoke.VideoOnDemand {
			return []word{need("USER_ID", String), label("SUBSCRIPTION_MODEL")}
		}
		return []word{need("USER_ID", String)}
	case bespoke.Items:
		return itemWords(d)
	case bespoke.Actions:
		// The guide names the last one in both ways.
		return []word{
			need("ACTION_ID", String), may("CREATION_TIMESTAMP", Long), may("VALUE", Long), may("TYPE", String),
			may("REPEAT_FREQUENCY", Long), may("EXPIRATION_TIMESTAMP", Long), may("ACTION_EXPIRATION_TIMESTAMP", Long),
		}
	case bespoke.ActionInteractions:
		return []word{
			need("USER_ID", String), need("ACTION_ID", String), need("EVENT_TYPE", String), need("TIMESTAMP", Long),
			may("IMPRESSION", String), may("RECOMMENDATION_ID", String),
		}
	}
	return nil
}

func itemWords(d bespoke.Domain) []word {
	switch d {
	case bespoke.Ecommerce:
		return []word{
			need("ITEM_ID", String), needNumber("PRICE", Float), needLabel("CATEGORY_L1"),
			label("CATEGORY_L2"), label("CATEGORY_L3"), freeText("PRODUCT_DESCRIPTION"),
			// The guide has this as a long on one page and as a float on another.
			either(may("CREATION_TIMESTAMP", Long), Float),
			label("AGE_GROUP"), label("ADULT"), label("GENDER"),
		}
	case bespoke.VideoOnDemand:
		return []word{
			need("ITEM_ID", String), need("CREATION_TIMESTAMP", Long), needLabel("GENRES"),
			number("PRICE", Float), number("DURATION", Float), number("AVERAGE_RATING", Float),
			label("GENRE_L2"), label("GENRE_L3"), freeText("PRODUCT_DESCRIPTION"),
			label("CONTENT_OWNER"), label("CONTENT_CLASSIFICATION"),
		}
	}
	return []word{need("ITEM_ID", String), may("CREATION_TIMESTAMP", Long)}
}
