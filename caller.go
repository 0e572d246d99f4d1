package bespoke

import "context"

// Caller is who signed a request. It is known once the signature is verified;
// no handler runs without one.
type Caller struct {
	ARN         string // arn:aws:iam::123456789012:user/name, or the account's root
	AccessKeyID string
}

type callerKey struct{}

// WithCaller returns a context that carries c to the handler of its request.
func WithCaller(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// CallerFrom returns the caller of the request that ctx belongs to; the zero
// Caller where there is none, as in background jobs.
func CallerFrom(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}
