package iam_test

import (
	"errors"
	"strings"
	"testing"

	"bespoke"
	"bespoke/iam"
)

var scope = bespoke.Scope{Partition: "aws", Region: "eu-west-1", Account: "000000000000"}

const (
	roleARN = "arn:aws:iam::000000000000:role/personalize"
	trust   = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"personalize.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
)

func open(t *testing.T) *iam.Store {
	t.Helper()
	s, err := iam.Open(iam.Config{Dir: t.TempDir(), Scope: scope})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// with returns a store that has the role, with one inline policy of these
// statements unless there are none, and a policy of the bucket "shop" likewise.
func with(t *testing.T, identity, bucket string) *iam.Store {
	t.Helper()
	s := open(t)
	if _, err := s.CreateRole(iam.Role{Name: "personalize", Trust: trust}); err != nil {
		t.Fatal(err)
	}
	if identity != "" {
		if err := s.PutRolePolicy("personalize", "inline", document(identity)); err != nil {
			t.Fatalf("%s: %v", identity, err)
		}
	}
	if bucket != "" {
		if err := s.PutBucketPolicy("shop", document(bucket)); err != nil {
			t.Fatalf("%s: %v", bucket, err)
		}
	}
	return s
}

func document(statements string) string {
	return `{"Version":"2012-10-17","Statement":[` + statements + `]}`
}

func TestDecide(t *testing.T) {
	t.Parallel()
	get := iam.Access{RoleARN: roleARN, Action: iam.GetObject, Bucket: "shop", Key: "in/a.csv"}
	list := iam.Access{RoleARN: roleARN, Action: iam.ListBucket, Bucket: "shop", Prefix: "in/"}
	caller := get
	caller.RoleARN, caller.Caller = "", bespoke.Caller{ARN: scope.Root()}
	other := caller
	other.Caller.ARN = "arn:aws:iam::000000000000:user/guest"
	const (
		all      = `{"Effect":"Allow","Action":"s3:*","Resource":"*"}`
		everyone = `"Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::shop","arn:aws:s3:::shop/*"]`
		toRole   = `{"Effect":"Allow","Principal":{"AWS":"` + roleARN + `"},"Action":["s3:GetObject"],"Resource":"arn:aws:s3:::shop/*"}`
		toName   = `{"Effect":"Allow","Principal":{"Service":"personalize.amazonaws.com"},"Action":["s3:GetObject","s3:ListBucket"],"Resource":["arn:aws:s3:::shop","arn:aws:s3:::shop/*"]}`
	)
	// why is a part of the refusal; "" means allowed.
	f := func(name string, a iam.Access, identity, bucket, why string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := with(t, identity, bucket).Decide(a)
			if why == "" {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			e, ok := errors.AsType[*bespoke.Error](err)
			if !ok || e.Code != bespoke.AccessDenied || !strings.Contains(e.Msg, why) {
				t.Errorf("got %v, want AccessDenied with %q", err, why)
			}
		})
	}
	const none = "no identity-based policy allows"
	f("NoPolicy", get, "", "", none)
	f("All", get, all, "", "")
	f("AllList", list, all, "", "")
	f("Exact", get, `{"Effect":"Allow","Action":["s3:GetObject"],"Resource":"arn:aws:s3:::shop/in/a.csv"}`, "", "")
	f("WrongBucket", get, `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::shop2/*"}`, "", none)
	f("BucketIsNotItsObjects", get, `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::shop"}`, "", none)
	f("ObjectsAreNotTheirBucket", list, `{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::shop/*"}`, "", none)
	f("WrongPrefix", get, `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::shop/out/*"}`, "", none)
	f("Wildcard", get, `{"Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::sh*/??/*.csv"}`, "", "")
	f("WrongAction", get, `{"Effect":"Allow","Action":"s3:PutObject","Resource":"*"}`, "", none)
	f("NotAction", get, `{"Effect":"Allow","NotAction":"s3:Put*","Resource":"*"}`, "", "")
	f("NotActionOfThis", get, `{"Effect":"Allow","NotAction":"s3:Get*","Resource":"*"}`, "", none)
	f("NotResource", get, `{"Effect":"Allow","Action":"s3:*","NotResource":"arn:aws:s3:::shop/in/*"}`, "", none)
	f("ExplicitDeny", get, all+`,{"Effect":"Deny","Action":"s3:GetObject","Resource":"arn:aws:s3:::shop/in/*"}`, "", "explicit deny in an identity-based")
	f("DenyElsewhere", get, all+`,{"Effect":"Deny","Action":"s3:GetObject","Resource":"arn:aws:s3:::shop/out/*"}`, "", "")
	f("PrefixHolds", list, `{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::shop","Condition":{"StringLike":{"s3:prefix":["in/*"]}}}`, "", "")
	f("PrefixFails", list, `{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::shop","Condition":{"StringEquals":{"s3:prefix":"out/"}}}`, "", none)
	f("SourceAccount", get, `{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"aws:SourceAccount":"000000000000"}}}`, "", "")
	f("InsecureTransportDenied", get, all, `{"Effect":"Deny",`+everyone+`,"Condition":{"Bool":{"aws:SecureTransport":"false"}}}`, "")

	f("BucketAllowsRole", get, "", toRole, "")
	f("BucketAllowsRoleNotList", list, "", toRole, none)
	f("BucketAllowsServiceOnly", get, "", toName, none)
	f("BucketAllowsServiceAndRoleHasPolicy", get, all, toName, "")
	f("BucketAllowsAccountOnly", get, "", `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:root"},"Action":"s3:*","Resource":"arn:aws:s3:::shop/*"}`, none)
	f("BucketAllowsEveryone", get, "", `{"Effect":"Allow",`+everyone+`}`, "")
	f("BucketAllowsEveryoneAsAWS", get, "", `{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::shop/*"}`, "")
	const denied = "explicit deny in a resource-based"
	f("BucketDeniesEveryone", get, all, `{"Effect":"Deny",`+everyone+`}`, denied)
	f("BucketDeniesRole", get, all, strings.Replace(toRole, "Allow", "Deny", 1), denied)
	f("BucketDeniesService", get, all, strings.Replace(toName, "Allow", "Deny", 1), denied)
	f("BucketDeniesAnotherService", get, all, strings.NewReplacer("Allow", "Deny", "personalize.", "logs.").Replace(toName), "")
	f("BucketDeniesAccount", get, all, `{"Effect":"Deny","Principal":{"AWS":"000000000000"},"Action":"s3:*","Resource":"arn:aws:s3:::shop/*"}`, denied)
	f("BucketDeniesAnotherRole", get, all, `{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::000000000000:role/x"},"Action":"s3:*","Resource":"arn:aws:s3:::shop/*"}`, "")
	f("BucketDeniesAllButRole", get, all, `{"Effect":"Deny","NotPrincipal":{"AWS":"`+roleARN+`"},"Action":"s3:*","Resource":"arn:aws:s3:::shop/*"}`, "")
	f("BucketDeniesAllButAnother", get, all, `{"Effect":"Deny","NotPrincipal":{"AWS":"arn:aws:iam::000000000000:role/x"},"Action":"s3:*","Resource":"arn:aws:s3:::shop/*"}`, denied)

	f("Root", caller, "", "", "")
	f("RootDenied", caller, "", `{"Effect":"Deny",`+everyone+`}`, denied)
	f("RootDeniedByService", caller, "", strings.Replace(toName, "Allow", "Deny", 1), denied)
	f("AnotherCaller", other, "", "", none)
	f("AnotherCallerAllowed", other, "", strings.Replace(toRole, roleARN, other.Caller.ARN, 1), "")
}

func TestAssume(t *testing.T) {
	t.Parallel()
	f := func(trust string, want bespoke.Code, why string) {
		t.Helper()
		s := open(t)
		if _, err := s.CreateRole(iam.Role{Name: "r", Trust: trust}); err != nil {
			t.Fatalf("%s: %v", trust, err)
		}
		err := s.Assume("arn:aws:iam::000000000000:role/r")
		e, _ := errors.AsType[*bespoke.Error](err)
		if want == "" && err != nil || want != "" && (e == nil || e.Code != want || !strings.Contains(e.Msg, why)) {
			t.Errorf("%s: %v, want %q with %q", trust, err, want, why)
		}
	}
	f(trust, "", "")
	f(strings.Replace(trust, `"personalize.amazonaws.com"`, `["lambda.amazonaws.com","personalize.amazonaws.com"]`, 1), "", "")
	f(strings.Replace(trust, `"sts:AssumeRole"}`, `"sts:AssumeRole","Condition":{"StringEquals":{"aws:SourceAccount":"000000000000"},"StringLike":{"aws:SourceArn":"arn:aws:personalize:eu-west-1:000000000000:*"}}}`, 1), "", "")
	f(strings.Replace(trust, `"sts:AssumeRole"}`, `"sts:AssumeRole","Condition":{"StringEquals":{"aws:SourceAccount":"123456789012"}}}`, 1), bespoke.AccessDenied, "UpdateAssumeRolePolicy")
	f(strings.Replace(trust, "personalize.amazonaws.com", "lambda.amazonaws.com", 1), bespoke.AccessDenied, `{"Service": "personalize.amazonaws.com"}`)
	f(strings.Replace(trust, "Allow", "Deny", 1), bespoke.AccessDenied, "trust policy")
	f(`{"Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:root"},"Action":"sts:AssumeRole"}}`, bespoke.AccessDenied, "trust policy")

	s := open(t)
	for _, arn := range []string{roleARN, "personalize", ""} {
		if e, ok := errors.AsType[*bespoke.Error](s.Assume(arn)); !ok || e.Code != iam.NoSuchEntity {
			t.Errorf("Assume(%q) = %v, want NoSuchEntity", arn, e)
		}
	}
}

func TestManagedPolicies(t *testing.T) {
	t.Parallel()
	f := func(arn, action, bucket string, want bool) {
		t.Helper()
		s := with(t, "", "")
		if err := s.AttachRolePolicy("personalize", arn); err != nil {
			t.Fatal(err)
		}
		err := s.Decide(iam.Access{RoleARN: roleARN, Action: action, Bucket: bucket, Key: "a"})
		if (err == nil) != want {
			t.Errorf("%s: %s on %s: %v", arn, action, bucket, err)
		}
	}
	const p = "arn:aws:iam::aws:policy/"
	f(p+"AmazonS3FullAccess", iam.PutObject, "shop", true)
	f(p+"AmazonS3ReadOnlyAccess", iam.GetObject, "shop", true)
	f(p+"AmazonS3ReadOnlyAccess", iam.PutObject, "shop", false)
	f(p+"service-role/AmazonPersonalizeFullAccess", iam.GetObject, "my-personalize-data", true)
	f(p+"service-role/AmazonPersonalizeFullAccess", iam.GetObject, "shop", false)
}
