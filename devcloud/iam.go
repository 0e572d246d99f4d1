package devcloud

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"bespoke"
	"bespoke/iam"
)

// maxForm is how many bytes the body of a call may have. The largest a call
// of IAM brings is a policy document.
const maxForm = 1 << 20

// NewIAM returns the handler of the calls of IAM and STS: forms sent by POST,
// answered in XML. Who calls is taken from the request's context; whoever
// mounts the handler has verified the signature. The store's account has one
// user, its root, so that every caller may make every call.
func NewIAM(store *iam.Store, log *slog.Logger) http.Handler {
	return &account{iam: store, log: cmp.Or(log, slog.New(slog.DiscardHandler))}
}

type account struct {
	iam *iam.Store
	log *slog.Logger
}

// The protocol versions, which are the names of the XML too.
const (
	iamVersion = "2010-05-08"
	stsVersion = "2011-06-15"
)

// call is one request: its parameters and who makes it.
type call struct {
	url.Values
	caller bespoke.Caller
}

// operation answers one call: a struct to write as the call's result, or nil
// where there is nothing to say.
type operation func(*account, call) (any, error)

// operations are the calls by name. Those of STS are marked by their version.
var operations = map[string]struct {
	version string
	do      operation
}{
	"CreateRole":                  {iamVersion, (*account).createRole},
	"GetRole":                     {iamVersion, (*account).getRole},
	"ListRoles":                   {iamVersion, (*account).listRoles},
	"UpdateRole":                  {iamVersion, (*account).updateRole},
	"UpdateRoleDescription":       {iamVersion, (*account).updateRoleDescription},
	"UpdateAssumeRolePolicy":      {iamVersion, (*account).updateAssumeRolePolicy},
	"DeleteRole":                  {iamVersion, (*account).deleteRole},
	"TagRole":                     {iamVersion, (*account).tagRole},
	"UntagRole":                   {iamVersion, (*account).untagRole},
	"ListRoleTags":                {iamVersion, (*account).listRoleTags},
	"ListInstanceProfilesForRole": {iamVersion, (*account).listInstanceProfilesForRole},
	"PutRolePolicy":               {iamVersion, (*account).putRolePolicy},
	"GetRolePolicy":               {iamVersion, (*account).getRolePolicy},
	"ListRolePolicies":            {iamVersion, (*account).listRolePolicies},
	"DeleteRolePolicy":            {iamVersion, (*account).deleteRolePolicy},
	"AttachRolePolicy":            {iamVersion, (*account).attachRolePolicy},
	"DetachRolePolicy":            {iamVersion, (*account).detachRolePolicy},
	"ListAttachedRolePolicies":    {iamVersion, (*account).listAttachedRolePolicies},
	"CreatePolicy":                {iamVersion, (*account).createPolicy},
	"GetPolicy":                   {iamVersion, (*account).getPolicy},
	"GetPolicyVersion":            {iamVersion, (*account).getPolicyVersion},
	"ListPolicyVersions":          {iamVersion, (*account).listPolicyVersions},
	"ListPolicies":                {iamVersion, (*account).listPolicies},
	"DeletePolicy":                {iamVersion, (*account).deletePolicy},
	"GetCallerIdentity":           {stsVersion, (*account).getCallerIdentity},
}

func (a *account) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxForm))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		WriteError(w, bespoke.Errorf(bespoke.EntityTooLarge, "The request has more than %d bytes", maxForm))
		return
	}
	form, parseErr := url.ParseQuery(string(body))
	if err := errors.Join(err, parseErr); err != nil {
		WriteError(w, bespoke.Errorf(malformedQuery, "The request is not a form: %w", err))
		return
	}
	name := form.Get("Action")
	op, ok := operations[name]
	if !ok {
		WriteError(w, bespoke.Errorf(invalidAction, "Could not find operation %.64s for version %.16s. This server has %s",
			name, form.Get("Version"), strings.Join(operationNames(), ", ")))
		return
	}
	result, err := op.do(a, call{form, bespoke.CallerFrom(r.Context())})
	if err != nil {
		e, ok := errors.AsType[*bespoke.Error](err)
		if !ok {
			a.log.ErrorContext(r.Context(), "request failed", "action", name, "err", err)
			e = bespoke.Errorf(bespoke.Internal, "Internal error.")
		}
		WriteError(w, e)
		return
	}
	writeResult(w, name, op.version, result)
}

func operationNames() []string {
	var names []string
	for name := range operations {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// need returns a parameter that must be there.
func (c call) need(name string) (string, error) {
	if v := c.Get(name); v != "" {
		return v, nil
	}
	field := strings.ToLower(name[:1]) + name[1:]
	return "", bespoke.Errorf(iam.InvalidValue, "1 validation error detected: Value null at '%s' failed to satisfy constraint: Member must not be null", field)
}

// needAll is need for several parameters, in their order.
func (c call) needAll(names ...string) ([]string, error) {
	var values []string
	for _, name := range names {
		v, err := c.need(name)
		if err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	return values, nil
}

// number returns an optional number, 0 where it is absent.
func (c call) number(name string) (int, error) {
	text := c.Get(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, bespoke.Errorf(malformedInput, "%s must be a number, not %.32q", name, text)
	}
	return n, nil
}

// tags returns the members of the list Tags.
func (c call) tags() []bespoke.Tag {
	var tags []bespoke.Tag
	for i := 1; ; i++ {
		key := fmt.Sprintf("Tags.member.%d.", i)
		if !c.Has(key + "Key") {
			return tags
		}
		tags = append(tags, bespoke.Tag{Key: c.Get(key + "Key"), Value: c.Get(key + "Value")})
	}
}

// page cuts the part of a list, in order of key, that the call asks for. The
// marker holds the key of the last item of the page before.
func page[T any](c call, list []T, key func(T) string) ([]T, paging, error) {
	size, err := c.number("MaxItems")
	if err != nil {
		return nil, paging{}, err
	}
	size = cmp.Or(size, 100)
	if size < 1 || size > 1000 {
		return nil, paging{}, bespoke.Errorf(iam.InvalidValue, "1 validation error detected: Value '%d' at 'maxItems' failed to satisfy constraint: Member must be between 1 and 1000", size)
	}
	if marker := c.Get("Marker"); marker != "" {
		after, err := base64.RawURLEncoding.DecodeString(marker)
		if err != nil {
			return nil, paging{}, bespoke.Errorf(iam.InvalidValue, "Invalid Marker. Send the Marker of the answer before, unchanged")
		}
		for len(list) > 0 && key(list[0]) <= string(after) {
			list = list[1:]
		}
	}
	if len(list) <= size {
		return list, paging{}, nil
	}
	list = list[:size]
	last := key(list[size-1])
	return list, paging{IsTruncated: true, Marker: base64.RawURLEncoding.EncodeToString([]byte(last))}, nil
}
