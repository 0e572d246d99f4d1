package devcloud

import (
	"slices"
	"strings"

	"bespoke"
	"bespoke/iam"
)

type wirePolicy struct {
	PolicyName                    string
	PolicyId                      string
	Arn                           string
	Path                          string
	DefaultVersionId              string
	AttachmentCount               int
	PermissionsBoundaryUsageCount int
	IsAttachable                  bool
	Description                   string `xml:",omitempty"`
	CreateDate                    string
	UpdateDate                    string
}

// firstVersion is the only version that a policy has here.
const firstVersion = "v1"

func (a *account) toWirePolicy(p iam.Policy) wirePolicy {
	return wirePolicy{
		PolicyName: p.Name, PolicyId: p.ID, Arn: p.ARN, Path: p.Path, Description: p.Description,
		DefaultVersionId: firstVersion, IsAttachable: true, AttachmentCount: a.iam.Attachments(p.ARN),
		CreateDate: stamp(p.Created), UpdateDate: stamp(p.Created),
	}
}

func (a *account) createPolicy(c call) (any, error) {
	v, err := c.needAll("PolicyName", "PolicyDocument")
	if err != nil {
		return nil, err
	}
	p, err := a.iam.CreatePolicy(iam.Policy{Name: v[0], Document: v[1], Path: c.Get("Path"), Description: c.Get("Description")})
	return struct{ Policy wirePolicy }{a.toWirePolicy(p)}, err
}

// policy returns the policy that the call names.
func (a *account) policy(c call) (iam.Policy, error) {
	arn, err := c.need("PolicyArn")
	if err != nil {
		return iam.Policy{}, err
	}
	return a.iam.Policy(arn)
}

func (a *account) getPolicy(c call) (any, error) {
	p, err := a.policy(c)
	return struct{ Policy wirePolicy }{a.toWirePolicy(p)}, err
}

type wireVersion struct {
	Document         string `xml:",omitempty"`
	VersionId        string
	IsDefaultVersion bool
	CreateDate       string
}

func (a *account) getPolicyVersion(c call) (any, error) {
	version, err := c.need("VersionId")
	if err != nil {
		return nil, err
	}
	p, err := a.policy(c)
	if err != nil {
		return nil, err
	}
	if version != firstVersion {
		return nil, bespoke.Errorf(iam.NoSuchEntity, "Policy %s version %.32s does not exist. Policies have the version %s only", p.ARN, version, firstVersion)
	}
	return struct{ PolicyVersion wireVersion }{wireVersion{escape(p.Document), version, true, stamp(p.Created)}}, nil
}

func (a *account) listPolicyVersions(c call) (any, error) {
	p, err := a.policy(c)
	return struct {
		Versions members[wireVersion]
		paging
	}{Versions: members[wireVersion]{[]wireVersion{{VersionId: firstVersion, IsDefaultVersion: true, CreateDate: stamp(p.Created)}}}}, err
}

func (a *account) listPolicies(c call) (any, error) {
	scope := c.Get("Scope")
	if scope != "" && scope != "All" && scope != "AWS" && scope != "Local" {
		return nil, bespoke.Errorf(iam.InvalidValue, "1 validation error detected: Value '%.32s' at 'scope' failed to satisfy constraint: Member must satisfy enum value set: [All, AWS, Local]", scope)
	}
	policies := slices.DeleteFunc(a.iam.Policies(c.Get("PathPrefix")), func(p iam.Policy) bool {
		amazon := strings.Contains(p.ARN, ":iam::aws:")
		return scope == "AWS" && !amazon || scope == "Local" && amazon ||
			c.Get("OnlyAttached") == "true" && a.iam.Attachments(p.ARN) == 0
	})
	policies, p, err := page(c, policies, func(p iam.Policy) string { return p.Name + " " + p.ARN })
	var list []wirePolicy
	for _, p := range policies {
		p.Description = "" // ListPolicies leaves it out
		list = append(list, a.toWirePolicy(p))
	}
	return struct {
		Policies members[wirePolicy]
		paging
	}{members[wirePolicy]{list}, p}, err
}

func (a *account) deletePolicy(c call) (any, error) {
	arn, err := c.need("PolicyArn")
	if err != nil {
		return nil, err
	}
	return nil, a.iam.DeletePolicy(arn)
}

func (a *account) attachRolePolicy(c call) (any, error) {
	v, err := c.needAll("RoleName", "PolicyArn")
	if err != nil {
		return nil, err
	}
	return nil, a.iam.AttachRolePolicy(v[0], v[1])
}

func (a *account) detachRolePolicy(c call) (any, error) {
	v, err := c.needAll("RoleName", "PolicyArn")
	if err != nil {
		return nil, err
	}
	return nil, a.iam.DetachRolePolicy(v[0], v[1])
}

func (a *account) listAttachedRolePolicies(c call) (any, error) {
	r, err := a.role(c)
	if err != nil {
		return nil, err
	}
	arns, p, err := page(c, r.Attached, func(arn string) string { return arn })
	type attached struct{ PolicyName, PolicyArn string }
	var list []attached
	for _, arn := range arns {
		list = append(list, attached{arn[strings.LastIndexByte(arn, '/')+1:], arn})
	}
	return struct {
		AttachedPolicies members[attached]
		paging
	}{members[attached]{list}, p}, err
}
