package iam

import (
	"encoding/json"
	"slices"
	"strings"

	"bespoke"
)

// maxBucketPolicy is how many bytes a bucket policy may have. Source: the
// bucket policy page of the Amazon S3 user guide.
const maxBucketPolicy = 20 * 1024

// PutBucketPolicy sets the bucket's policy. It answers MalformedPolicy for a
// document that S3 would refuse. Whether the bucket exists is not its business.
func (s *Store) PutBucketPolicy(bucket, document string) error {
	if err := checkBucketPolicy(bucket, document); err != nil {
		return err
	}
	return s.change(func(st *state) error {
		st.Buckets[bucket] = document
		return nil
	})
}

// BucketPolicy returns the bucket's policy as it was put, or false.
func (s *Store) BucketPolicy(bucket string) (string, bool) {
	document, ok := s.state.Load().Buckets[bucket]
	return document, ok
}

// DeleteBucketPolicy removes the bucket's policy. Removing none is no error.
func (s *Store) DeleteBucketPolicy(bucket string) error {
	if _, has := s.BucketPolicy(bucket); !has {
		return nil
	}
	return s.change(func(st *state) error {
		delete(st.Buckets, bucket)
		return nil
	})
}

func checkBucketPolicy(bucket, text string) error {
	if len(text) > maxBucketPolicy {
		return bespoke.Errorf(MalformedPolicy, "The policy has %d bytes; a bucket policy has at most %d.", len(text), maxBucketPolicy)
	}
	doc, err := parse(text)
	if err != nil {
		return err
	}
	for i, st := range doc.Statement {
		p, err := principalsOf(st)
		if err != nil {
			return err
		}
		if !p.any && len(p.aws)+len(p.service)+p.others == 0 {
			return bespoke.Errorf(MalformedPolicy, "Missing required field Principal in statement %d", i+1)
		}
		for _, a := range slices.Concat(st.Action, st.NotAction) {
			if a != "*" && !strings.HasPrefix(strings.ToLower(a), "s3:") {
				return bespoke.Errorf(MalformedPolicy, "Policy has invalid action %.128q in statement %d; a bucket policy has actions of S3 only, such as s3:GetObject", a, i+1)
			}
		}
		resources := slices.Concat(st.Resource, st.NotResource)
		if len(resources) == 0 {
			return bespoke.Errorf(MalformedPolicy, "Missing required field Resource in statement %d", i+1)
		}
		for _, r := range resources {
			if !withinBucket(bucket, r) {
				return bespoke.Errorf(MalformedPolicy, "Policy has invalid resource %.128q in statement %d; it must be arn:aws:s3:::%s or objects below it, such as arn:aws:s3:::%s/*", r, i+1, bucket, bucket)
			}
		}
		if err := checkIdentity(withoutPrincipals(doc.Version, st)); err != nil {
			return err
		}
	}
	return nil
}

// withinBucket reports whether resource is the bucket's ARN or one below it.
func withinBucket(bucket, resource string) bool {
	_, name, ok := strings.Cut(resource, ":s3:::")
	if !ok || !strings.HasPrefix(resource, "arn:") {
		return false
	}
	name, _, _ = strings.Cut(name, "/")
	return name == bucket || strings.HasSuffix(name, "*") && strings.HasPrefix(bucket, strings.TrimSuffix(name, "*"))
}

// principals is who a statement of a bucket policy or trust policy is about.
type principals struct {
	not     bool // everybody but those named
	any     bool
	aws     []string // ARNs and account numbers
	service []string
	others  int // federated and canonical users: they match nobody here
}

// principalsOf reads a statement's Principal or NotPrincipal; a statement
// without either has no principals.
func principalsOf(st Statement) (principals, error) {
	p := principals{not: len(st.NotPrincipal) > 0}
	if p.not && len(st.Principal) > 0 {
		return p, bespoke.Errorf(MalformedPolicy, "A statement has both Principal and NotPrincipal")
	}
	raw := st.Principal
	if p.not {
		raw = st.NotPrincipal
	}
	if len(raw) == 0 {
		return p, nil
	}
	var all string
	if json.Unmarshal(raw, &all) == nil && all == "*" {
		p.any = true
		return p, nil
	}
	var byKind map[string]oneOrMany
	if err := json.Unmarshal(raw, &byKind); err != nil {
		return p, bespoke.Errorf(MalformedPolicy, `Invalid principal in policy: %.128s. Write "*", {"AWS": "arn:aws:iam::123456789012:role/name"} or {"Service": %q}`, raw, Service)
	}
	for kind, values := range byKind {
		switch kind {
		case "AWS":
			p.any = p.any || slices.Contains(values, "*")
			p.aws = append(p.aws, values...)
		case "Service":
			for _, v := range values {
				if !strings.HasSuffix(v, ".amazonaws.com") && !strings.HasSuffix(v, ".amazonaws.com.cn") {
					return p, bespoke.Errorf(MalformedPolicy, `Invalid principal in policy: "SERVICE":%.128q. Write the service's full name, such as %q`, v, Service)
				}
			}
			p.service = append(p.service, values...)
		case "Federated", "CanonicalUser":
			p.others += len(values)
		default:
			return p, bespoke.Errorf(MalformedPolicy, "Invalid principal in policy: %.128q. Use AWS or Service", kind)
		}
	}
	return p, nil
}
