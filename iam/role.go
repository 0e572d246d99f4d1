package iam

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"bespoke"
)

// Quotas of IAM on one role, from the quotas page of the IAM user guide.
const (
	maxTrust    = 2048   // characters of the trust policy
	maxInline   = 10_240 // characters of all inline policies together, white space not counted
	maxAttached = 20     // attached policies
)

// Role is a role of the account. Values handed out by a Store are shared and
// must not be changed.
type Role struct {
	Name        string            `json:"name"`
	ID          string            `json:"id"`
	ARN         string            `json:"arn"`
	Path        string            `json:"path"`
	Description string            `json:"description,omitempty"`
	Trust       string            `json:"trust"`      // who may use the role: a policy document
	MaxSession  int               `json:"maxSession"` // seconds
	Created     time.Time         `json:"created"`
	Inline      map[string]string `json:"inline,omitempty"`   // policy name to document
	Attached    []string          `json:"attached,omitempty"` // policy ARNs, in order of ARN
	Tags        []bespoke.Tag     `json:"tags,omitempty"`     // in order of key
}

var (
	namePattern = regexp.MustCompile(`^[\w+=,.@-]+$`)
	pathPattern = regexp.MustCompile(`^(/|/[!-\x7e]+/)$`)
)

func checkName(field, name string, limit int) error {
	if len(name) == 0 || len(name) > limit || !namePattern.MatchString(name) {
		return bespoke.Errorf(InvalidValue, "The specified value for %s is invalid: %.128q. It must have 1 to %d letters, digits and characters of _+=,.@-", field, name, limit)
	}
	return nil
}

func checkPath(path string) error {
	if len(path) > 512 || !pathPattern.MatchString(path) {
		return bespoke.Errorf(InvalidValue, "The specified value for path is invalid: %.128q. It must begin and end with / and have at most 512 characters", path)
	}
	return nil
}

// CreateRole adds a role. Of r, it takes Name, Path ("" means /), Trust,
// Description, MaxSession (0 means an hour) and Tags; the rest is given to it.
func (s *Store) CreateRole(r Role) (Role, error) {
	r.Path = cmp.Or(r.Path, "/")
	r.MaxSession = cmp.Or(r.MaxSession, 3600)
	if err := cmp.Or(checkName("roleName", r.Name, 64), checkPath(r.Path), checkTags(r.Tags), checkTrust(r.Trust)); err != nil {
		return Role{}, err
	}
	if r.MaxSession < 3600 || r.MaxSession > 43_200 {
		return Role{}, bespoke.Errorf(InvalidValue, "The specified value for maxSessionDuration is invalid: %d. It must be between 3600 and 43200 seconds", r.MaxSession)
	}
	r.ID = newID("AROA")
	r.ARN = "arn:" + s.scope.Partition + ":iam::" + s.scope.Account + ":role" + r.Path + r.Name
	r.Created = now()
	r.Inline, r.Attached = nil, nil
	r.Tags = mergeTags(nil, r.Tags)
	return r, s.change(func(st *state) error {
		if _, taken := st.Roles[strings.ToLower(r.Name)]; taken {
			return bespoke.Errorf(AlreadyExists, "Role with name %s already exists.", r.Name)
		}
		st.Roles[strings.ToLower(r.Name)] = &r
		return nil
	})
}

// Role returns the role of this name, upper and lower case alike, or
// NoSuchEntity.
func (s *Store) Role(name string) (Role, error) {
	r, err := s.state.Load().role(name)
	if err != nil {
		return Role{}, err
	}
	return *r, nil
}

// Roles returns the roles whose path begins with prefix, in order of name.
func (s *Store) Roles(prefix string) []Role {
	var list []Role
	for _, r := range s.state.Load().Roles {
		if strings.HasPrefix(r.Path, prefix) {
			list = append(list, *r)
		}
	}
	slices.SortFunc(list, func(a, b Role) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// DeleteRole removes a role. It answers DeleteConflict while the role has
// policies.
func (s *Store) DeleteRole(name string) error {
	return s.change(func(st *state) error {
		r, err := st.role(name)
		switch {
		case err != nil:
			return err
		case len(r.Attached) > 0:
			return bespoke.Errorf(DeleteConflict, "Cannot delete entity, must detach all policies first. Role %s still has %s", r.Name, r.Attached[0])
		case len(r.Inline) > 0:
			return bespoke.Errorf(DeleteConflict, "Cannot delete entity, must delete policies first. Role %s still has the inline policy %s", r.Name, slices.Min(slices.Collect(maps.Keys(r.Inline))))
		}
		delete(st.Roles, strings.ToLower(name))
		return nil
	})
}

// SetTrust replaces the policy that says who may use the role.
func (s *Store) SetTrust(name, document string) error {
	if err := checkTrust(document); err != nil {
		return err
	}
	return s.changeRole(name, func(_ *state, r *Role) error {
		r.Trust = document
		return nil
	})
}

// UpdateRole replaces the role's description and longest session where they
// are given.
func (s *Store) UpdateRole(name string, description *string, maxSession int) error {
	if maxSession != 0 && (maxSession < 3600 || maxSession > 43_200) {
		return bespoke.Errorf(InvalidValue, "The specified value for maxSessionDuration is invalid: %d. It must be between 3600 and 43200 seconds", maxSession)
	}
	return s.changeRole(name, func(_ *state, r *Role) error {
		if description != nil {
			r.Description = *description
		}
		r.MaxSession = cmp.Or(maxSession, r.MaxSession)
		return nil
	})
}

// PutRolePolicy adds or replaces an inline policy.
func (s *Store) PutRolePolicy(role, name, document string) error {
	if err := cmp.Or(checkName("policyName", name, 128), checkIdentity(document)); err != nil {
		return err
	}
	return s.changeRole(role, func(_ *state, r *Role) error {
		r.Inline[name] = document
		size := 0
		for _, doc := range r.Inline {
			size += len(strings.Join(strings.Fields(doc), ""))
		}
		if size > maxInline {
			return bespoke.Errorf(LimitExceeded, "Maximum policy size of %d bytes exceeded for role %s: its inline policies have %d. Use a managed policy", maxInline, r.Name, size)
		}
		return nil
	})
}

// DeleteRolePolicy removes an inline policy.
func (s *Store) DeleteRolePolicy(role, name string) error {
	return s.changeRole(role, func(_ *state, r *Role) error {
		if _, ok := r.Inline[name]; !ok {
			return bespoke.Errorf(NoSuchEntity, "The role policy with name %s cannot be found.", name)
		}
		delete(r.Inline, name)
		return nil
	})
}

// AttachRolePolicy gives the role a managed policy. Attaching it twice is no
// error.
func (s *Store) AttachRolePolicy(role, policyARN string) error {
	return s.changeRole(role, func(st *state, r *Role) error {
		if _, err := st.policy(policyARN); err != nil {
			return err
		}
		i, has := slices.BinarySearch(r.Attached, policyARN)
		switch {
		case has:
		case len(r.Attached) == maxAttached:
			return bespoke.Errorf(LimitExceeded, "Cannot exceed quota for PoliciesPerRole: %d", maxAttached)
		default:
			r.Attached = slices.Insert(r.Attached, i, policyARN)
		}
		return nil
	})
}

// DetachRolePolicy takes a managed policy from the role.
func (s *Store) DetachRolePolicy(role, policyARN string) error {
	return s.changeRole(role, func(_ *state, r *Role) error {
		i, has := slices.BinarySearch(r.Attached, policyARN)
		if !has {
			return bespoke.Errorf(NoSuchEntity, "Policy %s was not found.", policyARN)
		}
		r.Attached = slices.Delete(r.Attached, i, i+1)
		return nil
	})
}

// changeRole applies f to a copy of the role that shares nothing with it.
func (s *Store) changeRole(name string, f func(*state, *Role) error) error {
	return s.change(func(st *state) error {
		old, err := st.role(name)
		if err != nil {
			return err
		}
		r := *old
		r.Inline, r.Attached, r.Tags = maps.Clone(r.Inline), slices.Clone(r.Attached), slices.Clone(r.Tags)
		if r.Inline == nil {
			r.Inline = map[string]string{}
		}
		st.Roles[strings.ToLower(name)] = &r
		return f(st, &r)
	})
}

func (st *state) role(name string) (*Role, error) {
	if r, ok := st.Roles[strings.ToLower(name)]; ok {
		return r, nil
	}
	return nil, bespoke.Errorf(NoSuchEntity, "The role with name %s cannot be found.", name)
}
