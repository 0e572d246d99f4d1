package iam

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/versity/versitygw/iamapi/iamerr"
	"github.com/versity/versitygw/iamapi/policy"

	"bespoke"
)

// Statement is one statement of a policy document as it was parsed.
type Statement = policy.Statement

type oneOrMany = policy.StringOrSlice

// parse reads a policy document of any kind. A document without a statement
// is malformed.
func parse(text string) (policy.Document, error) {
	var doc policy.Document
	if err := policy.Validate("policyDocument", text); err != nil {
		return doc, malformed(err)
	}
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		return doc, bespoke.Errorf(MalformedPolicy, "Syntax errors in policy: %w", err)
	}
	if doc.Version != "" && doc.Version != policy.Version2008 && doc.Version != policy.Version2012 {
		return doc, bespoke.Errorf(MalformedPolicy, "The policy must contain a valid version string, %q or %q, not %.64q", policy.Version2012, policy.Version2008, doc.Version)
	}
	if len(doc.Statement) == 0 {
		return doc, bespoke.Errorf(MalformedPolicy, "Could not parse the policy: Statement is empty!")
	}
	return doc, nil
}

// checkIdentity says what is wrong with a policy of a role.
func checkIdentity(text string) error {
	doc, err := parse(text)
	if err != nil {
		return err
	}
	return malformed(doc.Validate())
}

// checkTrust says what is wrong with a trust policy. The validator behind it
// knows few services; every service of Amazon may be named.
func checkTrust(text string) error {
	if len(text) > maxTrust {
		return bespoke.Errorf(LimitExceeded, "Cannot exceed quota for ACLSizePerRole: %d; the document has %d characters", maxTrust, len(text))
	}
	doc, err := parse(text)
	if err != nil {
		return err
	}
	for i := range doc.Statement {
		st := &doc.Statement[i]
		p, err := principalsOf(*st)
		if err != nil {
			return err
		}
		if len(p.service) > 0 && !p.not {
			st.Principal = json.RawMessage(`{"Service": "sts.amazonaws.com"}`)
		}
	}
	return malformed(doc.ValidateTrust())
}

// malformed turns a validator's refusal into ours.
func malformed(err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[iamerr.Error](err); ok {
		return &bespoke.Error{Code: MalformedPolicy, Msg: e.Message, Cause: err}
	}
	return &bespoke.Error{Code: MalformedPolicy, Msg: err.Error(), Cause: err}
}

// plain is a statement as text, for the evaluator: without principals, and
// without members that are absent.
type plain struct {
	Effect      string
	Action      []string        `json:",omitempty"`
	NotAction   []string        `json:",omitempty"`
	Resource    []string        `json:",omitempty"`
	NotResource []string        `json:",omitempty"`
	Condition   json.RawMessage `json:",omitempty"`
}

// withoutPrincipals returns a document that has the statements, their
// principals left out. A statement without resources, as in a trust policy,
// is about all of them.
func withoutPrincipals(version string, statements ...Statement) string {
	doc := struct {
		Version   string `json:",omitempty"`
		Statement []plain
	}{Version: version}
	for _, st := range statements {
		p := plain{
			Effect: st.Effect, Action: st.Action, NotAction: st.NotAction,
			Resource: st.Resource, NotResource: st.NotResource, Condition: st.Condition,
		}
		if len(p.Resource)+len(p.NotResource) == 0 {
			p.Resource = []string{"*"}
		}
		doc.Statement = append(doc.Statement, p)
	}
	var text strings.Builder
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(doc); err != nil {
		panic(err) // strings and parsed JSON always encode
	}
	return text.String()
}
