package blob

import (
	"errors"
	"fmt"
	"net/http"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
)

// byCode are the error codes of S3 and STS that mean one of our errors. What a
// HEAD request answers has no body; there, the SDK makes the code from the
// status.
var byCode = map[string]error{
	"NoSuchBucket":          ErrNoBucket,
	"NoSuchKey":             ErrNotFound,
	"NotFound":              ErrNotFound,
	"NoSuchUpload":          ErrNoUpload,
	"PreconditionFailed":    ErrChanged,
	"AccessDenied":          ErrDenied,
	"AllAccessDisabled":     ErrDenied,
	"Forbidden":             ErrDenied,
	"ExpiredToken":          ErrExpired,
	"ExpiredTokenException": ErrExpired,
	"TokenRefreshRequired":  ErrExpired,
	"InvalidAccessKeyId":    ErrDenied,
	"InvalidClientTokenId":  ErrDenied,
	"InvalidToken":          ErrDenied,
	"InvalidObjectState":    ErrDenied,
	"SignatureDoesNotMatch": ErrDenied,
}

var byStatus = map[int]error{
	http.StatusForbidden:          ErrDenied,
	http.StatusNotFound:           ErrNotFound,
	http.StatusPreconditionFailed: ErrChanged,
}

// wrap adds the operation and the object to an error of the SDK, and one of
// the package's errors where its code says so.
func wrap(op, name string, err error) error {
	if err == nil {
		return nil
	}
	kind := kindOf(err)
	if e, ok := errors.AsType[*awshttp.ResponseError](err); ok && kind == nil && refused(e.HTTPStatusCode()) {
		kind = ErrRefused
	}
	if kind != nil && errors.Is(err, kind) {
		kind = nil // it says so itself
	}
	if kind != nil {
		return fmt.Errorf("%s %s: %w: %w", op, name, kind, err)
	}
	return fmt.Errorf("%s %s: %w", op, name, err)
}

func kindOf(err error) error {
	if errors.Is(err, ErrChanged) {
		return ErrChanged
	}
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		if kind := byCode[e.ErrorCode()]; kind != nil {
			return kind
		}
	}
	if e, ok := errors.AsType[*awshttp.ResponseError](err); ok {
		return byStatus[e.HTTPStatusCode()]
	}
	return nil
}
