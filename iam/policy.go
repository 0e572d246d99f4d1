package iam

import (
	"cmp"
	"crypto/rand"
	"encoding/base32"
	"slices"
	"strings"
	"time"

	"bespoke"
)

// maxManaged is how many characters a managed policy may have, white space
// not counted. Source: the quotas page of the IAM user guide.
const maxManaged = 6144

// Policy is a managed policy: one that can be attached to several roles.
type Policy struct {
	Name        string    `json:"name"`
	ID          string    `json:"id"`
	ARN         string    `json:"arn"`
	Path        string    `json:"path"`
	Description string    `json:"description,omitempty"`
	Document    string    `json:"document"`
	Created     time.Time `json:"created"`
}

// CreatePolicy adds a customer managed policy. Of p, it takes Name, Path (""
// means /), Description and Document; the rest is given to it.
func (s *Store) CreatePolicy(p Policy) (Policy, error) {
	p.Path = cmp.Or(p.Path, "/")
	if err := cmp.Or(checkName("policyName", p.Name, 128), checkPath(p.Path), checkIdentity(p.Document)); err != nil {
		return Policy{}, err
	}
	if n := len(strings.Join(strings.Fields(p.Document), "")); n > maxManaged {
		return Policy{}, bespoke.Errorf(LimitExceeded, "Cannot exceed quota for PolicySize: %d; the document of %s has %d", maxManaged, p.Name, n)
	}
	p.ID = newID("ANPA")
	p.ARN = "arn:" + s.scope.Partition + ":iam::" + s.scope.Account + ":policy" + p.Path + p.Name
	p.Created = now()
	return p, s.change(func(st *state) error {
		for _, other := range st.Policies {
			if strings.EqualFold(other.Name, p.Name) {
				return bespoke.Errorf(AlreadyExists, "A policy called %s already exists. Duplicate names are not allowed.", p.Name)
			}
		}
		st.Policies[p.ARN] = &p
		return nil
	})
}

// Policy returns the managed policy with this ARN, the account's own or one of
// Amazon's, or NoSuchEntity.
func (s *Store) Policy(arn string) (Policy, error) {
	p, err := s.state.Load().policy(arn)
	if err != nil {
		return Policy{}, err
	}
	return *p, nil
}

// Policies returns the managed policies whose path begins with prefix, the
// account's own and Amazon's, in order of name.
func (s *Store) Policies(prefix string) []Policy {
	var list []Policy
	for _, p := range s.state.Load().Policies {
		list = append(list, *p)
	}
	list = append(list, managed...)
	list = slices.DeleteFunc(list, func(p Policy) bool { return !strings.HasPrefix(p.Path, prefix) })
	slices.SortFunc(list, func(a, b Policy) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.ARN, b.ARN))
	})
	return list
}

// Attachments returns how many roles have the policy.
func (s *Store) Attachments(policyARN string) int { return len(s.state.Load().holders(policyARN)) }

// DeletePolicy removes a customer managed policy. It answers DeleteConflict
// while a role has it.
func (s *Store) DeletePolicy(arn string) error {
	return s.change(func(st *state) error {
		if _, err := st.policy(arn); err != nil {
			return err
		}
		if _, own := st.Policies[arn]; !own {
			return bespoke.Errorf(Unmodifiable, "Policy %s is managed by AWS and cannot be deleted.", arn)
		}
		if roles := st.holders(arn); len(roles) > 0 {
			return bespoke.Errorf(DeleteConflict, "Cannot delete a policy attached to entities. Detach it from role %s first", slices.Min(roles))
		}
		delete(st.Policies, arn)
		return nil
	})
}

func (st *state) policy(arn string) (*Policy, error) {
	if p, ok := st.Policies[arn]; ok {
		return p, nil
	}
	if i := slices.IndexFunc(managed, func(p Policy) bool { return p.ARN == arn }); i >= 0 {
		return &managed[i], nil
	}
	err := bespoke.Errorf(NoSuchEntity, "Policy %s does not exist or is not attachable.", arn)
	if strings.Contains(arn, ":iam::aws:policy/") {
		err.Msg += " Of the policies managed by AWS, this server has"
		for _, p := range managed {
			err.Msg += " " + p.ARN
		}
	}
	return nil, err
}

// holders returns the names of the roles that have the policy attached.
func (st *state) holders(policyARN string) []string {
	var names []string
	for _, r := range st.Roles {
		if slices.Contains(r.Attached, policyARN) {
			names = append(names, r.Name)
		}
	}
	return names
}

// newID returns a unique identifier of 21 characters, as IAM's own.
func newID(prefix string) string {
	var b [11]byte
	rand.Read(b[:])
	return prefix + base32.StdEncoding.EncodeToString(b[:])[:17]
}

// now has the precision that IAM's answers have.
func now() time.Time { return time.Now().UTC().Truncate(time.Second) }
