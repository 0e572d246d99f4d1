package devcloud

import (
	"fmt"
	"maps"
	"slices"

	"bespoke"
	"bespoke/iam"
)

type wireRole struct {
	Path                     string
	RoleName                 string
	RoleId                   string
	Arn                      string
	CreateDate               string
	AssumeRolePolicyDocument string
	Description              string `xml:",omitempty"`
	MaxSessionDuration       int
	Tags                     *members[bespoke.Tag] `xml:",omitempty"`
}

func toWireRole(r iam.Role) wireRole {
	w := wireRole{
		Path: r.Path, RoleName: r.Name, RoleId: r.ID, Arn: r.ARN, CreateDate: stamp(r.Created),
		AssumeRolePolicyDocument: escape(r.Trust), Description: r.Description, MaxSessionDuration: r.MaxSession,
	}
	if len(r.Tags) > 0 {
		w.Tags = &members[bespoke.Tag]{r.Tags}
	}
	return w
}

func (a *account) createRole(c call) (any, error) {
	v, err := c.needAll("RoleName", "AssumeRolePolicyDocument")
	if err != nil {
		return nil, err
	}
	session, err := c.number("MaxSessionDuration")
	if err != nil {
		return nil, err
	}
	r, err := a.iam.CreateRole(iam.Role{
		Name: v[0], Trust: v[1], Path: c.Get("Path"), Description: c.Get("Description"), MaxSession: session, Tags: c.tags(),
	})
	return struct{ Role wireRole }{toWireRole(r)}, err
}

// role returns the role that the call names.
func (a *account) role(c call) (iam.Role, error) {
	name, err := c.need("RoleName")
	if err != nil {
		return iam.Role{}, err
	}
	return a.iam.Role(name)
}

func (a *account) getRole(c call) (any, error) {
	r, err := a.role(c)
	return struct{ Role wireRole }{toWireRole(r)}, err
}

func (a *account) listRoles(c call) (any, error) {
	roles, p, err := page(c, a.iam.Roles(c.Get("PathPrefix")), func(r iam.Role) string { return r.Name })
	var list []wireRole
	for _, r := range roles {
		r.Tags = nil // ListRoles leaves them out
		list = append(list, toWireRole(r))
	}
	return struct {
		Roles members[wireRole]
		paging
	}{members[wireRole]{list}, p}, err
}

func (a *account) updateRole(c call) (any, error) {
	name, err := c.need("RoleName")
	if err != nil {
		return nil, err
	}
	session, err := c.number("MaxSessionDuration")
	if err != nil {
		return nil, err
	}
	var description *string
	if c.Has("Description") {
		text := c.Get("Description")
		description = &text
	}
	return struct{}{}, a.iam.UpdateRole(name, description, session)
}

func (a *account) updateRoleDescription(c call) (any, error) {
	name, err := c.need("RoleName")
	if err != nil {
		return nil, err
	}
	description := c.Get("Description")
	if err := a.iam.UpdateRole(name, &description, 0); err != nil {
		return nil, err
	}
	return a.getRole(c)
}

func (a *account) updateAssumeRolePolicy(c call) (any, error) {
	v, err := c.needAll("RoleName", "PolicyDocument")
	if err != nil {
		return nil, err
	}
	return nil, a.iam.SetTrust(v[0], v[1])
}

func (a *account) deleteRole(c call) (any, error) {
	name, err := c.need("RoleName")
	if err != nil {
		return nil, err
	}
	return nil, a.iam.DeleteRole(name)
}

func (a *account) tagRole(c call) (any, error) {
	name, err := c.need("RoleName")
	if err != nil {
		return nil, err
	}
	return nil, a.iam.TagRole(name, c.tags())
}

func (a *account) untagRole(c call) (any, error) {
	name, err := c.need("RoleName")
	if err != nil {
		return nil, err
	}
	var keys []string
	for i := 1; c.Has(fmt.Sprintf("TagKeys.member.%d", i)); i++ {
		keys = append(keys, c.Get(fmt.Sprintf("TagKeys.member.%d", i)))
	}
	return nil, a.iam.UntagRole(name, keys)
}

func (a *account) listRoleTags(c call) (any, error) {
	r, err := a.role(c)
	if err != nil {
		return nil, err
	}
	tags, p, err := page(c, r.Tags, func(t bespoke.Tag) string { return t.Key })
	return struct {
		Tags members[bespoke.Tag]
		paging
	}{members[bespoke.Tag]{tags}, p}, err
}

// listInstanceProfilesForRole answers that there are none: infrastructure
// tools ask before they delete a role.
func (a *account) listInstanceProfilesForRole(c call) (any, error) {
	_, err := a.role(c)
	return struct {
		InstanceProfiles members[struct{}]
		paging
	}{}, err
}

func (a *account) putRolePolicy(c call) (any, error) {
	v, err := c.needAll("RoleName", "PolicyName", "PolicyDocument")
	if err != nil {
		return nil, err
	}
	return nil, a.iam.PutRolePolicy(v[0], v[1], v[2])
}

func (a *account) getRolePolicy(c call) (any, error) {
	name, err := c.need("PolicyName")
	if err != nil {
		return nil, err
	}
	r, err := a.role(c)
	if err != nil {
		return nil, err
	}
	document, ok := r.Inline[name]
	if !ok {
		return nil, bespoke.Errorf(iam.NoSuchEntity, "The role policy with name %s cannot be found.", name)
	}
	return struct{ RoleName, PolicyName, PolicyDocument string }{r.Name, name, escape(document)}, nil
}

func (a *account) listRolePolicies(c call) (any, error) {
	r, err := a.role(c)
	if err != nil {
		return nil, err
	}
	names, p, err := page(c, slices.Sorted(maps.Keys(r.Inline)), func(name string) string { return name })
	return struct {
		PolicyNames members[string]
		paging
	}{members[string]{names}, p}, err
}

func (a *account) deleteRolePolicy(c call) (any, error) {
	v, err := c.needAll("RoleName", "PolicyName")
	if err != nil {
		return nil, err
	}
	return nil, a.iam.DeleteRolePolicy(v[0], v[1])
}
