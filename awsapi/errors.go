package awsapi

import (
	"bytes"
	"context"
	"errors"
	"net/http"

	"bespoke"
	"bespoke/awsapi/wire"
)

// refusal is what the client is told about err. An error that is not a
// *bespoke.Error anywhere in its chain is the server's fault, and its text
// stays in the log; unless the request was cancelled, because its client is
// gone or the server is about to be.
func (x *exchange) refusal(ctx context.Context, err error) *bespoke.Error {
	if e, ok := errors.AsType[*bespoke.Error](err); ok {
		return e
	}
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return bespoke.Errorf(bespoke.Unavailable, "The request was cancelled before it was done. Try again.")
	}
	return bespoke.Errorf(bespoke.Internal, "The server failed to process the request. Its log says why, under request ID %s.", x.id)
}

// cause is what the log says about err: its text where the server is at fault,
// else only the part that the client was not told, if there is one.
func cause(err error, status int) string {
	e, ok := errors.AsType[*bespoke.Error](err)
	switch hidden := ok && e.Cause != nil; {
	case status < http.StatusInternalServerError && hidden:
		return e.Cause.Error()
	case status < http.StatusInternalServerError:
		return ""
	case hidden:
		return err.Error() + ": " + e.Cause.Error()
	}
	return err.Error()
}

// statusOf gives an error code its HTTP status: the one that the model has for
// it in this operation, else the one of all AWS services. JSON 1.1 answers 400
// where rest-json says more, since its clients go by the code alone.
func (x *exchange) statusOf(code bespoke.Code) int {
	for _, f := range x.faults {
		if f.Code == code {
			return f.Status
		}
	}
	if s := commonStatus[code]; s != 0 {
		return s
	}
	if s := restStatus[code]; s != 0 && x.protocol == wire.RestJSON {
		return s
	}
	return http.StatusBadRequest
}

// commonStatus has the codes whose status is the same in both protocols, and
// not 400.
var commonStatus = map[bespoke.Code]int{
	bespoke.UnknownOperation: http.StatusNotFound,
	bespoke.EntityTooLarge:   http.StatusRequestEntityTooLarge,
	bespoke.Internal:         http.StatusInternalServerError,
	bespoke.Unavailable:      http.StatusServiceUnavailable,
}

// restStatus has the codes that rest-json gives a status other than 400.
var restStatus = map[bespoke.Code]int{
	bespoke.AccessDenied:     http.StatusForbidden,
	bespoke.MissingAuth:      http.StatusForbidden,
	bespoke.IncompleteSign:   http.StatusForbidden,
	bespoke.UnrecognizedKey:  http.StatusForbidden,
	bespoke.InvalidSignature: http.StatusForbidden,
	bespoke.ExpiredToken:     http.StatusForbidden,
	bespoke.NotFound:         http.StatusNotFound,
	bespoke.AlreadyExists:    http.StatusConflict,
	bespoke.InUse:            http.StatusConflict,
}

// writeError writes the body of an error, which is the same in both protocols.
func writeError(b *bytes.Buffer, e *bespoke.Error) {
	err := wire.Marshal(b, struct {
		Type    bespoke.Code `json:"__type"`
		Message string       `json:"message"`
	}{e.Code, e.Msg})
	if err != nil {
		panic(err) // two strings
	}
}
