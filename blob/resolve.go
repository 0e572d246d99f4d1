package blob

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"bespoke"
	"bespoke/iam"
)

// ErrRole says that a role does not exist or that the server may not act as
// it. It comes wrapped with the cause, which names the remedy.
var ErrRole = errors.New("the role cannot be used")

// sessionName is how the server's sessions of a role show in an account's
// trail.
const sessionName = "bespoke"

// Resolver turns roles into stores. Safe for concurrent use.
type Resolver struct {
	open func(context.Context, string, bespoke.Caller) (*Store, error)
}

// Open returns S3 as the role sees it, or as the caller does where roleARN is
// "". The error wraps ErrRole where the role is at fault.
func (r *Resolver) Open(ctx context.Context, roleARN string, caller bespoke.Caller) (*Store, error) {
	return r.open(ctx, roleARN, caller)
}

// LocalConfig is for buckets of this process, whose roles package iam knows.
type LocalConfig struct {
	IAM    *iam.Store
	Client *s3.Client // with the right to write everything
	Reader Reader     // with the right to read everything; nil means Client
	Retry  Retry
}

// NewLocal returns a resolver that decides by package iam and reads and writes
// with all rights.
func NewLocal(cfg LocalConfig) *Resolver {
	return &Resolver{open: func(_ context.Context, roleARN string, caller bespoke.Caller) (*Store, error) {
		if roleARN != "" {
			if err := cfg.IAM.Assume(roleARN); err != nil {
				return nil, fmt.Errorf("%w: %w", ErrRole, err)
			}
		}
		return New(Config{Client: cfg.Client, Reader: cfg.Reader, Retry: cfg.Retry, May: func(a iam.Access) error {
			a.RoleARN, a.Caller = roleARN, caller
			return cfg.IAM.Decide(a)
		}}), nil
	}}
}

// RemoteConfig is for an S3 service of somebody else's, which decides itself.
type RemoteConfig struct {
	AWS aws.Config // the server's own credentials, which stand for callers too
	// Endpoint is the address of an S3 service that is not Amazon's; ""
	// means what AWS says.
	Endpoint string
	// STSEndpoint is where roles are assumed; "" means what AWS says.
	STSEndpoint string
	// Roles has the credentials of every role that may be used. Nil means
	// that credentials come from STS.
	Roles Roles
	Retry Retry
}

// NewRemote returns a resolver that reads with the credentials of each role:
// those of the table where there is one, those that STS gives for AssumeRole
// otherwise, renewed before they expire.
func NewRemote(cfg RemoteConfig) *Resolver {
	r := &remote{
		cfg:    cfg,
		own:    cfg.store(cfg.AWS.Credentials),
		stores: map[string]*Store{},
		sts: sts.NewFromConfig(cfg.AWS, func(o *sts.Options) {
			if cfg.STSEndpoint != "" {
				o.BaseEndpoint = &cfg.STSEndpoint
			}
		}),
	}
	return &Resolver{open: r.open}
}

// remote keeps the store of every role that was ever assumed; their number is
// bounded by the roles that the account lets the server assume.
type remote struct {
	cfg RemoteConfig
	own *Store
	sts *sts.Client

	mu     sync.Mutex
	stores map[string]*Store
}

func (r *remote) open(ctx context.Context, roleARN string, _ bespoke.Caller) (*Store, error) {
	if roleARN == "" {
		return r.own, nil
	}
	r.mu.Lock()
	s := r.stores[roleARN]
	r.mu.Unlock()
	if s != nil {
		return s, nil
	}
	provider, err := r.credentials(ctx, roleARN)
	if err != nil {
		return nil, err
	}
	s = r.cfg.store(provider)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stores[roleARN] = s
	return s, nil
}

func (r *remote) credentials(ctx context.Context, roleARN string) (aws.CredentialsProvider, error) {
	if r.cfg.Roles != nil {
		c, ok := r.cfg.Roles[roleARN]
		if !ok {
			return nil, fmt.Errorf("%w: %s is not in the server's table of roles; add its credentials there", ErrRole, roleARN)
		}
		return credentials.NewStaticCredentialsProvider(c.AccessKeyID, c.SecretAccessKey, c.SessionToken), nil
	}
	provider := aws.NewCredentialsCache(
		stscreds.NewAssumeRoleProvider(r.sts, roleARN, func(o *stscreds.AssumeRoleOptions) { o.RoleSessionName = sessionName }),
		func(o *aws.CredentialsCacheOptions) { o.ExpiryWindow = 5 * time.Minute },
	)
	_, err := provider.Retrieve(ctx)
	switch kind := kindOf(err); {
	case err == nil:
		return provider, nil
	case kind != nil:
		return nil, fmt.Errorf("%w: STS refuses %s to the server; check that the role exists and that its trust policy allows the server's own identity sts:AssumeRole: %w", ErrRole, roleARN, err)
	default:
		return nil, fmt.Errorf("assume role %s: %w", roleARN, err)
	}
}

// store returns the S3 service as it is with the provider's credentials, which
// are fetched anew where the service says that they have expired before their
// time.
func (c RemoteConfig) store(provider aws.CredentialsProvider) *Store {
	s := New(Config{Client: client(c, provider), Retry: c.Retry})
	if cache, ok := provider.(*aws.CredentialsCache); ok {
		s.renewal = &renewal{forget: cache.Invalidate}
	}
	return s
}

// Client returns a client of the S3 service with the server's own credentials.
func (c RemoteConfig) Client() *s3.Client { return client(c, c.AWS.Credentials) }

// client returns a client of the S3 service with these credentials. Checksums
// that the service does not ask for are left out: ETag and length say whether
// an object arrived whole, and many services know no others.
//
// Where the service takes a request and does not answer, also one that writes,
// the client gives it up after four times Retry.Stall.
func client(cfg RemoteConfig, provider aws.CredentialsProvider) *s3.Client {
	cfg.Retry.setDefaults()
	if cfg.AWS.HTTPClient == nil {
		cfg.AWS.HTTPClient = awshttp.NewBuildableClient()
	}
	if c, ok := cfg.AWS.HTTPClient.(*awshttp.BuildableClient); ok {
		cfg.AWS.HTTPClient = c.WithTransportOptions(func(t *http.Transport) { t.ResponseHeaderTimeout = 4 * cfg.Retry.Stall })
	}
	return s3.NewFromConfig(cfg.AWS, func(o *s3.Options) {
		o.Credentials = provider
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
		if cfg.Endpoint != "" {
			o.BaseEndpoint = &cfg.Endpoint
			o.UsePathStyle = true
		}
	})
}

// NewClient returns a client of an S3 service at an endpoint, with one pair of
// keys.
func NewClient(endpoint, region, access, secret string) *s3.Client {
	return client(RemoteConfig{AWS: aws.Config{Region: region}, Endpoint: endpoint},
		credentials.NewStaticCredentialsProvider(access, secret, ""))
}
