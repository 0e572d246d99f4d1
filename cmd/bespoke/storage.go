package main

import (
	"bytes"
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"

	"bespoke"
	"bespoke/awsapi"
	"bespoke/blob"
	"bespoke/control"
	"bespoke/devcloud"
	"bespoke/iam"
)

// storage is where objects are and who may read them: the embedded S3 with
// roles of this server, or an S3 of somebody else's with roles of its own.
type storage struct {
	endpoint string // of S3; "" is Amazon's
	external bool
	resolver *blob.Resolver
	roles    *iam.Store
	root     bespoke.Caller
	creds    credentials
	callers  map[string]awsapi.Credential // of --credentials
	ambient  aws.CredentialsProvider      // with an external S3: the server's own
	logger   *slog.Logger
}

func (s *server) openStorage(ctx context.Context, cfg serverConfig, dir *folder) (*storage, error) {
	roles, err := iam.Open(iam.Config{Dir: cfg.data, Scope: cfg.scope()})
	if err != nil {
		return nil, err
	}
	st := &storage{roles: roles, root: bespoke.Caller{ARN: cfg.scope().Root()}, creds: s.creds, logger: cfg.logger}
	if cfg.credentials != "" {
		if st.callers, err = readCallers(cfg.credentials, st.root); err != nil {
			return nil, err
		}
	}
	if cfg.s3Endpoint != "" {
		return st, st.useExternal(ctx, cfg)
	}
	s3, err := devcloud.OpenS3(ctx, devcloud.S3Config{
		Dir: dir.path("buckets"), Listen: cfg.s3Listen, Access: s.creds.AccessKey, Secret: s.creds.Secret, Region: cfg.region, IAM: roles,
	})
	if err != nil {
		return nil, fmt.Errorf("%w; choose another address with --s3-listen", err)
	}
	s.onStop(s3.Close)
	st.endpoint = s3.URL()
	st.resolver = blob.NewLocal(blob.LocalConfig{
		IAM: roles, Reader: s3.Reader(), Client: blob.NewClient(s3.URL(), cfg.region, s.creds.AccessKey, s.creds.Secret),
	})
	return st, nil
}

// useExternal reads the AWS configuration that the server was started with.
func (st *storage) useExternal(ctx context.Context, cfg serverConfig) error {
	own, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithRegion(cfg.region))
	if err != nil {
		return fmt.Errorf("AWS configuration for --s3-endpoint: %w", err)
	}
	if cfg.s3Endpoint != "aws" {
		st.endpoint = cfg.s3Endpoint
	}
	var table blob.Roles
	if cfg.roles != "" {
		if table, err = blob.ReadRoles(cfg.roles); err != nil {
			return fmt.Errorf("--roles: %w", err)
		}
	}
	st.external, st.ambient = true, own.Credentials
	st.resolver = blob.NewRemote(blob.RemoteConfig{AWS: own, Endpoint: st.endpoint, STSEndpoint: cfg.stsEndpoint, Roles: table, Retry: blob.Retry{Stall: cfg.s3Stall}})
	return nil
}

// access opens S3 as a role or a caller sees it.
func (st *storage) access(ctx context.Context, roleARN string, caller bespoke.Caller) (control.Objects, error) {
	return st.resolver.Open(ctx, roleARN, caller)
}

// credential finds an access key: the data folder's, those of --credentials,
// and with an external S3 also the server's own AWS credentials, so that a
// program has one key pair for both.
func (st *storage) credential(ctx context.Context, accessKey string) (awsapi.Credential, bool) {
	if same(accessKey, st.creds.AccessKey) {
		return awsapi.Credential{Secret: st.creds.Secret, Caller: st.root}, true
	}
	if c, ok := st.callers[accessKey]; ok || st.ambient == nil {
		return c, ok
	}
	c, err := st.ambient.Retrieve(ctx)
	if err != nil {
		st.logger.WarnContext(ctx, "no AWS credentials of the server's own", "err", err)
		return awsapi.Credential{}, false
	}
	if !same(accessKey, c.AccessKeyID) {
		return awsapi.Credential{}, false
	}
	return awsapi.Credential{Secret: c.SecretAccessKey, SessionToken: c.SessionToken, Caller: st.root}, true
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// identity answers the calls of IAM and STS, once their signature is verified.
func (st *storage) identity(v *awsapi.Verifier) http.Handler {
	calls := devcloud.NewIAM(st.roles, st.logger)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		signed, err := v.Verify(r)
		if err != nil {
			e, ok := errors.AsType[*bespoke.Error](err)
			if !ok {
				st.logger.ErrorContext(r.Context(), "request failed", "err", err)
				e = bespoke.Errorf(bespoke.Internal, "The request failed inside the server; its log has the cause.")
			}
			devcloud.WriteError(w, e)
			return
		}
		r = r.WithContext(bespoke.WithCaller(r.Context(), signed.Caller))
		r.Body = io.NopCloser(bytes.NewReader(signed.Body))
		calls.ServeHTTP(w, r)
	})
}
