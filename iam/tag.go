package iam

import (
	"slices"
	"strings"

	"bespoke"
)

// TagRole adds tags to a role or replaces their values.
func (s *Store) TagRole(role string, tags []bespoke.Tag) error {
	if err := checkTags(tags); err != nil {
		return err
	}
	return s.changeRole(role, func(_ *state, r *Role) error {
		r.Tags = mergeTags(r.Tags, tags)
		return checkTags(r.Tags)
	})
}

// UntagRole removes the tags with these keys, as far as the role has them.
func (s *Store) UntagRole(role string, keys []string) error {
	return s.changeRole(role, func(_ *state, r *Role) error {
		r.Tags = slices.DeleteFunc(r.Tags, func(t bespoke.Tag) bool { return slices.Contains(keys, t.Key) })
		return nil
	})
}

func checkTags(tags []bespoke.Tag) error {
	if len(tags) > bespoke.MaxTags {
		return bespoke.Errorf(LimitExceeded, "Cannot exceed quota for TagsPerRole: %d", bespoke.MaxTags)
	}
	for _, t := range tags {
		if n := len([]rune(t.Key)); n == 0 || n > 128 || len([]rune(t.Value)) > 256 {
			return bespoke.Errorf(InvalidValue, "The tag %.140q is invalid: a key has 1 to 128 characters, a value at most 256", t.Key)
		}
	}
	return nil
}

// mergeTags returns old with more added, a later value replacing an earlier
// one, in order of key.
func mergeTags(old, more []bespoke.Tag) []bespoke.Tag {
	byKey := func(t bespoke.Tag, key string) int { return strings.Compare(t.Key, key) }
	var all []bespoke.Tag
	for _, t := range slices.Concat(old, more) {
		i, has := slices.BinarySearchFunc(all, t.Key, byKey)
		if has {
			all[i] = t
		} else {
			all = slices.Insert(all, i, t)
		}
	}
	return all
}
