package iam

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/versity/versitygw/iamapi/policy"
	"github.com/versity/versitygw/iamapi/types"

	"bespoke"
)

// The actions that are asked about.
const (
	ListBucket = "s3:ListBucket"
	GetObject  = "s3:GetObject"
	PutObject  = "s3:PutObject"
)

// Access is one thing that somebody wants to do to a bucket or an object.
type Access struct {
	RoleARN string         // who acts; "" means Caller
	Caller  bespoke.Caller // who asked for it
	Action  string
	Bucket  string
	Key     string // of the object; "" for the bucket itself
	Prefix  string // of a listing: the condition key s3:prefix
}

func (a Access) resource(partition string) string {
	arn := "arn:" + partition + ":s3:::" + a.Bucket
	if a.Key != "" {
		arn += "/" + a.Key
	}
	return arn
}

// Decide returns nil where a is allowed and an AccessDenied error that says
// why not otherwise. A role is allowed what its own policies or a statement of
// the bucket's policy about the role's ARN or everybody allow, unless one of
// them denies it; the bucket's policy may also deny by the role's account and
// by the service. What a bucket allows the service alone, no role may do.
// Without a role the caller acts: the root user may do everything that the
// bucket's policy does not deny.
func (s *Store) Decide(a Access) error {
	st := s.state.Load()
	who := a.RoleARN
	var own []types.PolicyEntry
	allowed := false
	if a.RoleARN != "" {
		r, err := s.usable(st, a.RoleARN)
		if err != nil {
			return err
		}
		own = st.policiesOf(r)
	} else {
		who = a.Caller.ARN
		allowed = who == s.scope.Root()
	}
	request := policy.RequestContext{
		Action:    a.Action,
		Resource:  a.resource(s.scope.Partition),
		Condition: s.condition(who, a),
	}
	switch policy.EvaluateIdentityPolicies(own, request) {
	case policy.DecisionDeny:
		return refuse(who, request, "with an explicit deny in an identity-based policy; remove that statement")
	case policy.DecisionAllow:
		allowed = true
	}
	if text, has := st.Buckets[a.Bucket]; has {
		doc, err := parse(text)
		if err != nil {
			return refuse(who, request, "because the policy of bucket "+a.Bucket+" cannot be read: "+err.Error())
		}
		switch s.bucketDecision(doc, who, request) {
		case policy.DecisionDeny:
			return refuse(who, request, "with an explicit deny in a resource-based policy; change the policy of bucket "+a.Bucket)
		case policy.DecisionAllow:
			allowed = true
		}
	}
	if !allowed {
		return refuse(who, request, "because no identity-based policy allows the "+a.Action+" action; give the role a policy that does, with PutRolePolicy or AttachRolePolicy")
	}
	return nil
}

func refuse(who string, r policy.RequestContext, why string) error {
	return bespoke.Errorf(bespoke.AccessDenied, "User: %s is not authorized to perform: %s on resource: %q %s", who, r.Action, r.Resource, why)
}

// Assume returns nil where the service may act as the role, and otherwise an
// error that says what is wrong with the role: NoSuchEntity, or AccessDenied
// where its trust policy does not name the service.
func (s *Store) Assume(roleARN string) error {
	_, err := s.usable(s.state.Load(), roleARN)
	return err
}

func (s *Store) usable(st *state, roleARN string) (*Role, error) {
	name := roleARN[strings.LastIndexByte(roleARN, '/')+1:]
	r, err := st.role(name)
	if err != nil || r.ARN != roleARN {
		return nil, bespoke.Errorf(NoSuchEntity, "The role %s does not exist. Create it with CreateRole, or check its name, path and account", roleARN)
	}
	doc, err := parse(r.Trust)
	if err != nil {
		return nil, err
	}
	var about []Statement
	for _, stm := range doc.Statement {
		p, err := principalsOf(stm)
		if err != nil {
			return nil, err
		}
		if (p.any || slices.Contains(p.service, Service)) != p.not {
			about = append(about, stm)
		}
	}
	decision := policy.EvaluateIdentityPolicies([]types.PolicyEntry{{PolicyDocument: withoutPrincipals(doc.Version, about...)}},
		policy.RequestContext{Action: "sts:AssumeRole", Resource: r.ARN, Condition: s.condition(r.ARN, Access{})})
	if len(about) == 0 || decision != policy.DecisionAllow {
		return nil, bespoke.Errorf(bespoke.AccessDenied, "The role %s cannot be used: its trust policy does not let the service assume it. Allow sts:AssumeRole to the principal {\"Service\": %q} with UpdateAssumeRolePolicy", roleARN, Service)
	}
	return r, nil
}

// policiesOf returns all identity policies of the role.
func (st *state) policiesOf(r *Role) []types.PolicyEntry {
	var list []types.PolicyEntry
	for name, document := range r.Inline {
		list = append(list, types.PolicyEntry{PolicyName: name, PolicyDocument: document})
	}
	for _, arn := range r.Attached {
		if p, err := st.policy(arn); err == nil {
			list = append(list, types.PolicyEntry{PolicyName: p.Name, PolicyDocument: p.Document})
		}
	}
	return list
}

// bucketDecision evaluates the statements of a bucket's policy that are about
// who, the role or caller that acts for the service.
func (s *Store) bucketDecision(doc policy.Document, who string, request policy.RequestContext) policy.Decision {
	var about []Statement
	for _, st := range doc.Statement {
		p, err := principalsOf(st)
		if err != nil {
			return policy.DecisionDeny
		}
		named := p.any || slices.Contains(p.aws, who)
		if st.Effect == "Deny" || p.not {
			named = named || slices.Contains(p.aws, s.scope.Root()) || slices.Contains(p.aws, s.scope.Account) ||
				slices.Contains(p.service, Service)
		}
		if named != p.not {
			about = append(about, st)
		}
	}
	if len(about) == 0 {
		return policy.DecisionNoMatch
	}
	return policy.EvaluateIdentityPolicies([]types.PolicyEntry{{PolicyDocument: withoutPrincipals(doc.Version, about...)}}, request)
}

// condition returns the condition keys of a request. The service reaches its
// buckets over no network, hence SecureTransport.
func (s *Store) condition(who string, a Access) map[string][]string {
	t := time.Now().UTC()
	c := map[string][]string{
		"aws:SourceAccount":    {s.scope.Account},
		"aws:SourceArn":        {"arn:" + s.scope.Partition + ":personalize:" + s.scope.Region + ":" + s.scope.Account + ":*"},
		"aws:PrincipalArn":     {who},
		"aws:PrincipalAccount": {s.scope.Account},
		"aws:ResourceAccount":  {s.scope.Account},
		"aws:RequestedRegion":  {s.scope.Region},
		"aws:SecureTransport":  {"true"},
		"aws:CurrentTime":      {t.Format(time.RFC3339)},
		"aws:EpochTime":        {strconv.FormatInt(t.Unix(), 10)},
	}
	if a.Prefix != "" {
		c["s3:prefix"] = []string{a.Prefix}
	}
	return c
}
