package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"os"

	"bespoke"
	"bespoke/awsapi"
)

// readCallers reads a table of access keys beside the data folder's own:
//
//	{"AKIA...": {"secretAccessKey": "...", "sessionToken": "...", "arn": "arn:aws:iam::000000000000:user/ci"}}
//
// The session token is optional, and required of every request once it is set.
// Without an ARN the key is the root user's.
func readCallers(path string, root bespoke.Caller) (map[string]awsapi.Credential, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("--credentials: %w", err)
	}
	var table map[string]struct {
		Secret       string `json:"secretAccessKey"`
		SessionToken string `json:"sessionToken"`
		ARN          string `json:"arn"`
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&table); err != nil {
		return nil, fmt.Errorf("--credentials %s: %w", path, err)
	}
	callers := make(map[string]awsapi.Credential, len(table))
	for key, c := range table {
		if key == "" || c.Secret == "" {
			return nil, fmt.Errorf("--credentials %s: every access key needs a secretAccessKey", path)
		}
		callers[key] = awsapi.Credential{
			Secret: c.Secret, SessionToken: c.SessionToken, Caller: bespoke.Caller{ARN: cmp.Or(c.ARN, root.ARN), AccessKeyID: key},
		}
	}
	return callers, nil
}
