package devcloud

import (
	"errors"
	"net/http"

	"github.com/gofiber/fiber/v3"
	"github.com/versity/versitygw/auth"
	"github.com/versity/versitygw/s3api"
	"github.com/versity/versitygw/s3api/controllers"
	"github.com/versity/versitygw/s3api/middlewares"
	"github.com/versity/versitygw/s3err"

	"bespoke"
	"bespoke/iam"
)

// policyRoutes answers PutBucketPolicy, GetBucketPolicy and DeleteBucketPolicy
// in front of the gateway, behind the gateway's own checks of names, signatures
// and checksums.
func policyRoutes(b *buckets, root middlewares.RootUserConfig, accounts auth.IAMService, region string) []s3api.Option {
	route := func(method, action string, handle func(bucket string, body []byte) (*controllers.Response, error)) s3api.Option {
		return s3api.WithRoute(method, "/:bucket",
			middlewares.MatchQueryArgs("policy"),
			middlewares.SetDefaultValues(root, region),
			controllers.ProcessHandlers(func(ctx fiber.Ctx) (*controllers.Response, error) {
				return handle(ctx.Params("bucket"), ctx.BodyRaw())
			}, action, &controllers.Services{},
				middlewares.BucketObjectNameValidator(),
				middlewares.VerifyPresignedV4Signature(root, accounts, region, false),
				middlewares.VerifyV4Signature(root, accounts, region, false, true, false),
				middlewares.VerifyChecksums(false, false, false),
				middlewares.ParseAcl(b), // answers NoSuchBucket
			))
	}
	done := &controllers.Response{MetaOpts: &controllers.MetaOptions{Status: http.StatusNoContent}}
	return []s3api.Option{
		route(http.MethodPut, "PutBucketPolicy", func(bucket string, body []byte) (*controllers.Response, error) {
			return done, policyError(b.iam.PutBucketPolicy(bucket, string(body)))
		}),
		route(http.MethodGet, "GetBucketPolicy", func(bucket string, _ []byte) (*controllers.Response, error) {
			document, ok := b.iam.BucketPolicy(bucket)
			if !ok {
				return &controllers.Response{}, s3err.GetBucketErr(s3err.ErrNoSuchBucketPolicy, bucket)
			}
			return &controllers.Response{Data: []byte(document)}, nil
		}),
		route(http.MethodDelete, "DeleteBucketPolicy", func(bucket string, _ []byte) (*controllers.Response, error) {
			return done, policyError(b.iam.DeleteBucketPolicy(bucket))
		}),
	}
}

// policyError returns a refusal in S3's words.
func policyError(err error) error {
	if e, ok := errors.AsType[*bespoke.Error](err); ok && e.Code == iam.MalformedPolicy {
		return s3err.APIError{Code: "MalformedPolicy", Description: e.Msg, HTTPStatusCode: http.StatusBadRequest}
	}
	return err
}
