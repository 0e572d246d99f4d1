package blob

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
)

// Roles are the credentials of roles, by role ARN.
type Roles map[string]Credentials

// Credentials are what S3 requests are signed with.
type Credentials struct {
	AccessKeyID     string `json:"accessKeyId"`
	SecretAccessKey string `json:"secretAccessKey"`
	SessionToken    string `json:"sessionToken,omitempty"`
}

// The pattern of role ARNs in the API model.
var rolePattern = regexp.MustCompile(`^arn:([a-z\d-]+):iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+$`)

// ReadRoles reads a table of roles from a JSON file:
//
//	{"arn:aws:iam::123456789012:role/shop": {"accessKeyId": "...", "secretAccessKey": "..."}}
//
// It refuses members that it does not know, ARNs that are none and missing keys.
func ReadRoles(path string) (Roles, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("table of roles: %w", err)
	}
	roles := Roles{}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&roles); err != nil {
		return nil, fmt.Errorf("table of roles %s: %w", path, err)
	}
	for arn, c := range roles {
		if !rolePattern.MatchString(arn) {
			return nil, fmt.Errorf("table of roles %s: %q is not the ARN of a role, such as arn:aws:iam::123456789012:role/name", path, arn)
		}
		if c.AccessKeyID == "" || c.SecretAccessKey == "" {
			return nil, fmt.Errorf("table of roles %s: %s needs accessKeyId and secretAccessKey", path, arn)
		}
	}
	return roles, nil
}
