package schema

import (
	"slices"
	"strings"

	"bespoke"
)

// Check reports whether a dataset of type t in domain d can have this schema. It
// names the first fault, with the field and the remedy, as an *bespoke.Error with
// code InvalidInput.
func (s *Schema) Check(t bespoke.DatasetType, d bespoke.Domain) error {
	want := recordName(t)
	if want == "" {
		return refuse("There is no dataset type %q. Use INTERACTIONS, USERS, ITEMS, ACTIONS or ACTION_INTERACTIONS.", string(t))
	}
	if d != bespoke.Custom && (t == bespoke.Actions || t == bespoke.ActionInteractions) {
		return refuse("A dataset group of domain %s cannot have a dataset of type %s. Use a dataset group without a domain.", d, t)
	}
	if got, ok := s.DatasetType(); !ok || got != t {
		return refuse("Schema %s is not for datasets of type %s. Name the schema's record %q.", s.Name, t, want)
	}
	words := reserved(t, d)
	if err := s.checkReserved(words, t, d); err != nil {
		return err
	}
	return s.checkMetadata(words, t)
}

// checkReserved holds the columns against the reserved words.
func (s *Schema) checkReserved(words []word, t bespoke.DatasetType, d bespoke.Domain) error {
	var missing []string
	for _, w := range words {
		c, ok := s.Column(w.name)
		if !ok {
			if i := slices.IndexFunc(s.Columns, func(c Column) bool { return fold(c.Name) == fold(w.name) }); i >= 0 {
				return refuse("Schema %s is not valid: field %s can be mistaken for the reserved %s. Rename it to %s or to something else.", s.Name, s.Columns[i].Name, w.name, w.name)
			}
			if w.required {
				missing = append(missing, w.name+" ("+w.describe()+")")
			}
			continue
		}
		if err := w.check(c); err != "" {
			return refuse("Schema %s is not valid: field %s %s. The name is reserved in %s%s: make it %s, or rename it.", s.Name, c.Name, err, datasets(t), inDomain(d), w.describe())
		}
	}
	if len(missing) > 0 {
		return refuse("Schema %s is not valid: %s%s need %s. Add what is missing.", s.Name, datasets(t), inDomain(d), strings.Join(missing, " and "))
	}
	return nil
}

// check returns what is wrong with c as a column of the word's name, or "".
func (w word) check(c Column) string {
	switch {
	case c.Type != w.typ && (w.also == 0 || c.Type != w.also):
		return "is of type " + c.Type.String()
	case w.required && c.Nullable:
		return "may be null"
	case c.Categorical && w.attr != categorical:
		return "is categorical"
	case c.Textual && w.attr != textual:
		return "is textual"
	case w.attr == categorical && !c.Categorical:
		return "is not categorical"
	case w.attr == textual && !c.Textual:
		return "is not textual"
	}
	return ""
}

func (w word) describe() string {
	d := w.typ.String()
	if w.attr != plain {
		d += ` with "` + w.attr.String() + `": true`
	} else if w.typ == String {
		d += " that is " + w.attr.String()
	}
	if w.required {
		return d + ", never null"
	}
	return d + ", null or not"
}

// checkMetadata holds the columns that are not reserved against what the dataset
// type allows and asks for.
func (s *Schema) checkMetadata(words []word, t bespoke.DatasetType) error {
	own, usable, texts, names := 0, 0, 0, 0
	for _, c := range s.Columns {
		if c.Textual {
			texts++
		}
		if c.ItemName {
			names++
		}
		if t != bespoke.Items && (c.Textual || c.ItemName) {
			return refuse("Schema %s is not valid: field %s is %s, which only a field of an Items schema may be. Remove the attribute.", s.Name, c.Name, c.attributes()[0])
		}
		i := slices.IndexFunc(words, func(w word) bool { return w.name == c.Name })
		if i < 0 {
			own++
		}
		if i < 0 && (c.Categorical || c.Textual || c.Type.Number()) || i >= 0 && words[i].metadata {
			usable++
		}
	}
	switch {
	case texts > 1:
		return refuse("Schema %s is not valid: %d fields are textual, at most one may be. Remove the attribute from the others.", s.Name, texts)
	case names > 1:
		return refuse("Schema %s is not valid: %d fields have itemName, at most one may have it. Remove the attribute from the others.", s.Name, names)
	case own > limit[t]:
		return refuse("Schema %s is not valid: it has %d metadata fields, %s may have at most %d besides the reserved ones. Remove %d.", s.Name, own, datasets(t), limit[t], own-limit[t])
	case usable == 0 && t.Key() != "":
		kinds := "a categorical string or a number"
		if t == bespoke.Items {
			kinds = "a categorical or textual string or a number"
		}
		return refuse("Schema %s is not valid: %s need at least one metadata field: %s whose name is not reserved. Add one.", s.Name, datasets(t), kinds)
	}
	return nil
}

func datasets(t bespoke.DatasetType) string { return recordName(t) + " datasets" }

func inDomain(d bespoke.Domain) string {
	if d == bespoke.Custom {
		return ""
	}
	return " of domain " + string(d)
}

// CheckReplaces reports whether a dataset that has schema old may take s in its
// place: only for Users and Items, every old field kept as it is, every new one
// allowing null, for the rows that are there already. Order does not count.
// The error is an *bespoke.Error with code InvalidInput.
func (s *Schema) CheckReplaces(old *Schema) error {
	t, _ := old.DatasetType()
	if t != bespoke.Users && t != bespoke.Items {
		return refuse("The schema of a dataset described by %s cannot be replaced: only Users and Items datasets may take a new schema. Create a new dataset group instead.", old.Name)
	}
	if now, ok := s.DatasetType(); !ok || now != t {
		return refuse("Schema %s cannot replace a schema for %s. Name its record %q.", s.Name, datasets(t), recordName(t))
	}
	for _, was := range old.Columns {
		is, ok := s.Column(was.Name)
		if !ok {
			return refuse("Schema %s cannot replace the dataset's schema: field %s is missing. Keep every field that the dataset has.", s.Name, was.Name)
		}
		if is != was {
			return refuse("Schema %s cannot replace the dataset's schema: field %s was %s. Keep the type and attributes of every field that the dataset has.", s.Name, is, was)
		}
	}
	for _, is := range s.Columns {
		if _, ok := old.Column(is.Name); !ok && !is.Nullable {
			return refuse(`Schema %s cannot replace the dataset's schema: the added field %s must allow null, because earlier rows have no value for it. Make its type ["null", %q].`, s.Name, is.Name, is.Type)
		}
	}
	return nil
}
