package schema_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"bespoke"
	"bespoke/schema"
)

// notebook is a schema that a notebook of aws-samples/amazon-personalize-samples
// gives to CreateSchema, with the domains that it must fit.
type notebook struct {
	From    string
	Domains []bespoke.Domain
	Schema  json.RawMessage
}

func notebooks(t testing.TB) []notebook {
	t.Helper()
	text, err := os.ReadFile("testdata/notebooks.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var all []notebook
	for line := range strings.Lines(string(text)) {
		var n notebook
		if err := json.Unmarshal([]byte(line), &n); err != nil {
			t.Fatal(err)
		}
		all = append(all, n)
	}
	return all
}

func TestNotebookSchemas(t *testing.T) {
	t.Parallel()
	for _, n := range notebooks(t) {
		s := parse(t, string(n.Schema))
		typ, ok := s.DatasetType()
		if !ok {
			t.Errorf("%s: no dataset type for %q", n.From, s.Name)
		}
		for _, d := range n.Domains {
			if err := s.Check(typ, d); err != nil {
				t.Errorf("%s, domain %q: %v", n.From, d, err)
			}
		}
	}
}

func parse(t testing.TB, text string) *schema.Schema {
	t.Helper()
	s, err := schema.Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return s
}

// field writes one field: a name, a type with "?" for null, and attributes.
func field(spec string) string {
	p := strings.Fields(spec)
	typ := `"` + strings.TrimSuffix(p[1], "?") + `"`
	if strings.HasSuffix(p[1], "?") {
		typ = `["null",` + typ + `]`
	}
	members := []string{fmt.Sprintf(`"name":%q,"type":%s`, p[0], typ)}
	for _, a := range p[2:] {
		members = append(members, fmt.Sprintf("%q:true", a))
	}
	return "{" + strings.Join(members, ",") + "}"
}

// cols writes a schema from "NAME type attributes" parts between semicolons.
func cols(name, specs string) string {
	var fields []string
	for s := range strings.SplitSeq(specs, ";") {
		fields = append(fields, field(s))
	}
	return record(name, fields...)
}

const (
	events   = "USER_ID string;ITEM_ID string;EVENT_TYPE string;TIMESTAMP long"
	shopItem = "ITEM_ID string;PRICE float;CATEGORY_L1 string categorical"
	vodItem  = "ITEM_ID string;GENRES string categorical;CREATION_TIMESTAMP long"
	acted    = "USER_ID string;ACTION_ID string;EVENT_TYPE string;TIMESTAMP long"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	const ok = ""
	f := func(typ bespoke.DatasetType, d bespoke.Domain, text, want string) {
		t.Helper()
		err := parse(t, text).Check(typ, d)
		if want == ok {
			if err != nil {
				t.Errorf("%s: %v", text, err)
			}
			return
		}
		refused(t, err, want)
	}
	const (
		C = bespoke.Custom
		E = bespoke.Ecommerce
		V = bespoke.VideoOnDemand
	)

	// The default schemas of both domains, as the guide prints them.
	for _, d := range []bespoke.Domain{E, V} {
		f(bespoke.Interactions, d, cols("Interactions", events), ok)
	}
	f(bespoke.Users, E, cols("Users", "USER_ID string;MEMBERSHIP_STATUS string categorical"), ok)
	f(bespoke.Users, V, cols("Users", "USER_ID string;SUBSCRIPTION_MODEL string categorical"), ok)
	f(bespoke.Items, E, record("Items", field("ITEM_ID string"), field("PRICE float"), `{"name":"CATEGORY_L1","type":["string"],"categorical":true}`), ok)
	f(bespoke.Items, V, record("Items", field("ITEM_ID string"), `{"name":"GENRES","type":["string"],"categorical":true}`, field("CREATION_TIMESTAMP long")), ok)

	// Names.
	f(bespoke.Items, C, cols("Users", "USER_ID string;AGE int"), `Name the schema's record "Items"`)
	f(bespoke.ActionInteractions, C, cols("Action_Interactions", acted), `Name the schema's record "ActionInteractions"`)
	f(bespoke.Items, C, cols("Whatever", "ITEM_ID string;YEAR int"), `Name the schema's record "Items"`)
	f("MOVIES", C, cols("Items", "ITEM_ID string;YEAR int"), `no dataset type "MOVIES"`)
	f(bespoke.Actions, E, cols("Actions", "ACTION_ID string;COST float"), "domain ECOMMERCE cannot have a dataset of type ACTIONS")
	f(bespoke.ActionInteractions, V, cols("ActionInteractions", acted), "domain VIDEO_ON_DEMAND cannot have")

	// Interactions.
	f(bespoke.Interactions, C, cols("Interactions", "USER_ID string;ITEM_ID string;TIMESTAMP long"), ok)
	f(bespoke.Interactions, C, cols("Interactions", events+";EVENT_VALUE float?;IMPRESSION string?;RECOMMENDATION_ID string?;EVENT_ATTRIBUTION_SOURCE string?"), ok)
	f(bespoke.Interactions, C, cols("Interactions", events+";A string;B string;C string categorical;D int;E float"), ok)
	f(bespoke.Interactions, C, cols("Interactions", events+";A string;B string;C string;D int;E float;F long"), "6 metadata fields, Interactions datasets may have at most 5")
	f(bespoke.Interactions, E, cols("Interactions", "USER_ID string;ITEM_ID string;TIMESTAMP long"), "Interactions datasets of domain ECOMMERCE need EVENT_TYPE (string")
	f(bespoke.Interactions, V, cols("Interactions", "USER_ID string;ITEM_ID string;TIMESTAMP long;EVENT_TYPE string?"), "EVENT_TYPE may be null")
	f(bespoke.Interactions, C, cols("Interactions", "USER_ID string;TIMESTAMP long"), "need ITEM_ID (string that is neither")
	f(bespoke.Interactions, C, cols("Interactions", "USER_ID string;A int"), "ITEM_ID (string that is neither categorical nor textual, never null) and TIMESTAMP (long, never null)")
	f(bespoke.Interactions, C, cols("Interactions", "USER_ID string;ITEM_ID string;TIMESTAMP string"), "TIMESTAMP is of type string")
	f(bespoke.Interactions, C, cols("Interactions", "USER_ID string?;ITEM_ID string;TIMESTAMP long"), "USER_ID may be null")
	f(bespoke.Interactions, C, cols("Interactions", "USER_ID string categorical;ITEM_ID string;TIMESTAMP long"), "USER_ID is categorical")
	f(bespoke.Interactions, C, cols("Interactions", "USERID string;ITEM_ID string;TIMESTAMP long"), "USERID can be mistaken for the reserved USER_ID")
	f(bespoke.Interactions, C, cols("Interactions", events+";EVENT_VALUE double"), "EVENT_VALUE is of type double")
	f(bespoke.Interactions, C, cols("Interactions", events+";NOTE string textual"), "NOTE is textual, which only a field of an Items schema may be")
	f(bespoke.Users, C, cols("Users", "USER_ID string;NICK string itemName;AGE int"), "NICK is itemName, which only")

	// Users.
	f(bespoke.Users, C, cols("Users", "USER_ID string;AGE int"), ok)
	f(bespoke.Users, C, cols("Users", "USER_ID string"), "need at least one metadata field: a categorical string or a number")
	f(bespoke.Users, C, cols("Users", "USER_ID string;NICK string;NEW boolean"), "need at least one metadata field")
	f(bespoke.Users, C, cols("Users", "AGE int"), "need USER_ID")
	f(bespoke.Users, V, cols("Users", "USER_ID string;SUBSCRIPTION_MODEL string"), "SUBSCRIPTION_MODEL is not categorical")
	f(bespoke.Users, C, cols("Users", "USER_ID string;"+many(25)), ok)
	f(bespoke.Users, C, cols("Users", "USER_ID string;"+many(26)), "26 metadata fields, Users datasets may have at most 25 besides the reserved ones. Remove 1.")

	// Items.
	f(bespoke.Items, C, cols("Items", "ITEM_ID string;CREATION_TIMESTAMP long?;ABOUT string? textual;TITLE string itemName"), ok)
	f(bespoke.Items, C, cols("Items", "ITEM_ID string;CREATION_TIMESTAMP long"), "a categorical or textual string or a number whose name is not reserved")
	f(bespoke.Items, C, cols("Items", "ITEM_ID string;A string textual;B string textual"), "2 fields are textual, at most one may be")
	f(bespoke.Items, C, cols("Items", "ITEM_ID string;Y int;A string itemName;B string itemName"), "2 fields have itemName")
	f(bespoke.Items, C, cols("Items", "ITEM_ID string;YEAR int;CREATION_TIMESTAMP float"), "CREATION_TIMESTAMP is of type float")
	f(bespoke.Items, C, cols("Items", "ITEM_ID string;"+many(100)), ok)
	f(bespoke.Items, C, cols("Items", "ITEM_ID string;"+many(101)), "at most 100")
	f(bespoke.Items, E, cols("Items", shopItem+";CATEGORY_L2 string? categorical;PRODUCT_DESCRIPTION string? textual;CREATION_TIMESTAMP long;AGE_GROUP string? categorical;ADULT string categorical;GENDER string categorical;COLOUR string"), ok)
	f(bespoke.Items, E, cols("Items", shopItem+";CREATION_TIMESTAMP float"), ok)
	f(bespoke.Items, E, cols("Items", "ITEM_ID string;PRICE int;CATEGORY_L1 string categorical"), "PRICE is of type int")
	f(bespoke.Items, E, cols("Items", "ITEM_ID string;PRICE float;CATEGORY_L1 string"), "CATEGORY_L1 is not categorical")
	f(bespoke.Items, E, cols("Items", "ITEM_ID string;CATEGORY_L1 string categorical"), "need PRICE (float, never null)")
	f(bespoke.Items, E, cols("Items", shopItem+";PRODUCT_DESCRIPTION string"), "PRODUCT_DESCRIPTION is not textual")
	f(bespoke.Items, V, cols("Items", vodItem+";PRICE float?;DURATION float;AVERAGE_RATING float?;GENRE_L2 string? categorical;CONTENT_OWNER string categorical"), ok)
	f(bespoke.Items, V, cols("Items", vodItem+";DURATION int"), "DURATION is of type int. The name is reserved in Items datasets of domain VIDEO_ON_DEMAND: make it float, null or not, or rename it.")
	f(bespoke.Items, V, cols("Items", "ITEM_ID string;GENRES string categorical"), "need CREATION_TIMESTAMP (long")
	f(bespoke.Items, V, cols("Items", "ITEM_ID string;GENRES string? categorical;CREATION_TIMESTAMP long"), "GENRES may be null")

	// Actions.
	f(bespoke.Actions, C, cols("Actions", "ACTION_ID string;VALUE long?;MEMBERSHIP_LEVEL string? categorical;CREATION_TIMESTAMP long;REPEAT_FREQUENCY long?;TYPE string?;EXPIRATION_TIMESTAMP long?"), ok)
	f(bespoke.Actions, C, cols("Actions", "ACTION_ID string;COST int;ACTION_EXPIRATION_TIMESTAMP long?"), ok)
	f(bespoke.Actions, C, cols("Actions", "ACTION_ID string;VALUE long"), "need at least one metadata field")
	f(bespoke.Actions, C, cols("Actions", "ACTION_ID string;COST int;VALUE float"), "VALUE is of type float")
	f(bespoke.Actions, C, cols("Actions", "ACTION_ID string;"+many(11)), "at most 10")

	// Action interactions.
	f(bespoke.ActionInteractions, C, cols("ActionInteractions", acted+";IMPRESSION string?;RECOMMENDATION_ID string?;A int;B int;C int;D int;E int"), ok)
	f(bespoke.ActionInteractions, C, cols("ActionInteractions", acted+";A int;B int;C int;D int;E int;F int"), "at most 5")
	f(bespoke.ActionInteractions, C, cols("ActionInteractions", "USER_ID string;ACTION_ID string;TIMESTAMP long"), "need EVENT_TYPE")
}

func many(n int) string {
	var s []string
	for i := range n {
		s = append(s, fmt.Sprintf("N%d int?", i))
	}
	return strings.Join(s, ";")
}

func TestCheckReplaces(t *testing.T) {
	t.Parallel()
	old := "ITEM_ID string;YEAR int;GENRE string? categorical"
	f := func(was, is, want string) {
		t.Helper()
		err := parse(t, is).CheckReplaces(parse(t, was))
		if want == "" && err != nil {
			t.Errorf("%s: %v", is, err)
		}
		if want != "" {
			refused(t, err, want)
		}
	}
	f(cols("Items", old), cols("Items", old), "")
	f(cols("Items", old), cols("Items", "NEW float?;GENRE string? categorical;ITEM_ID string;YEAR int"), "")
	f(cols("Users", "USER_ID string;AGE int"), cols("Users", "USER_ID string;AGE int;B string? categorical"), "")
	f(cols("Items", old), cols("Items", old+";NEW float"), `the added field NEW must allow null, because earlier rows have no value for it. Make its type ["null", "float"].`)
	f(cols("Items", old), cols("Items", "ITEM_ID string;YEAR int"), "field GENRE is missing")
	f(cols("Items", old), cols("Items", "ITEM_ID string;YEAR long;GENRE string? categorical"), "field YEAR (long) was YEAR (int)")
	f(cols("Items", old), cols("Items", "ITEM_ID string;YEAR int?;GENRE string? categorical"), "field YEAR (int or null) was YEAR (int)")
	f(cols("Items", old), cols("Items", "ITEM_ID string;YEAR int;GENRE string?"), "was GENRE (string or null, categorical)")
	f(cols("Items", old), cols("Users", "USER_ID string;YEAR int"), "cannot replace a schema for Items datasets")
	f(cols("Interactions", events), cols("Interactions", events+";A int?"), "only Users and Items datasets may take a new schema")
	f(cols("ActionInteractions", acted), cols("ActionInteractions", acted), "only Users and Items")
}
