package devcloud

import "bespoke"

// getCallerIdentity says who signed the call. The root user's identifier is
// the account's number.
func (a *account) getCallerIdentity(c call) (any, error) {
	if c.caller == (bespoke.Caller{}) {
		return nil, bespoke.Errorf(bespoke.MissingAuth, "Request is missing Authentication Token")
	}
	id := c.caller.AccessKeyID
	if c.caller.ARN == a.iam.Scope().Root() {
		id = a.iam.Scope().Account
	}
	return struct{ Arn, UserId, Account string }{c.caller.ARN, id, a.iam.Scope().Account}, nil
}
