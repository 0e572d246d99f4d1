package iam

import (
	"testing"

	"bespoke"
)

// FuzzPolicy feeds one text as every kind of policy. Nothing may panic, what
// is accepted must be readable later, and what is refused must give no right.
func FuzzPolicy(f *testing.F) {
	const trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"personalize.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	for _, doc := range []string{
		trust,
		`{"Statement":[{"Effect":"Allow","Action":["s3:Get*"],"Resource":"arn:aws:s3:::shop/*","Condition":{"StringLike":{"s3:prefix":"in/*"}}}]}`,
		`{"Statement":[{"Effect":"Deny","Principal":{"AWS":["*"],"Service":"personalize.amazonaws.com"},"NotAction":"s3:*","NotResource":"arn:aws:s3:::shop"}]}`,
		`{"Statement":[{"Effect":"Allow","NotPrincipal":"*","Action":"*","Resource":"arn:aws:s3:::shop"}]}`,
		`{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":null}}`,
		`[]`, `null`, `{"Statement":null}`, `{"Statement":[null]}`, `{"Version":1}`,
	} {
		f.Add(doc)
	}
	scope := bespoke.Scope{Partition: "aws", Region: "eu-west-1", Account: "000000000000"}
	const arn = "arn:aws:iam::000000000000:role/r"
	f.Fuzz(func(t *testing.T, doc string) {
		try := func(trust, identity, bucket string) error {
			s := &Store{scope: scope}
			s.state.Store(&state{
				Roles:   map[string]*Role{"r": {Name: "r", ARN: arn, Trust: trust, Inline: map[string]string{"p": identity}}},
				Buckets: map[string]string{"shop": bucket},
			})
			return s.Decide(Access{RoleARN: arn, Action: GetObject, Bucket: "shop", Key: "a"})
		}
		const all = `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`
		const none = `{"Statement":{"Effect":"Allow","Principal":{"AWS":"x"},"Action":"s3:*","Resource":"arn:aws:s3:::shop"}}`
		if checkIdentity(doc) != nil && try(trust, doc, none) == nil {
			t.Error("a malformed identity policy gave a right")
		}
		if checkTrust(doc) != nil && len(doc) <= maxTrust && try(doc, all, none) == nil {
			t.Error("a malformed trust policy gave a right")
		}
		if checkBucketPolicy("shop", doc) == nil {
			if _, err := parse(doc); err != nil {
				t.Errorf("an accepted bucket policy cannot be read: %v", err)
			}
			try(trust, all, doc)
		}
	})
}
