package bespoke

import "fmt"

// Code is the name of an exception as SDKs see it.
type Code string

// The exceptions of the API model and the errors common to all AWS services.
const (
	InvalidInput      Code = "InvalidInputException"
	InvalidNextToken  Code = "InvalidNextTokenException"
	LimitExceeded     Code = "LimitExceededException"
	AlreadyExists     Code = "ResourceAlreadyExistsException"
	InUse             Code = "ResourceInUseException"
	NotFound          Code = "ResourceNotFoundException"
	TooManyTags       Code = "TooManyTagsException"
	TooManyTagKeys    Code = "TooManyTagKeysException"
	AccessDenied      Code = "AccessDeniedException"
	Validation        Code = "ValidationException"
	Throttling        Code = "ThrottlingException"
	UnknownOperation  Code = "UnknownOperationException"
	Serialization     Code = "SerializationException"
	EntityTooLarge    Code = "RequestEntityTooLargeException"
	Internal          Code = "InternalFailure"
	Unavailable       Code = "ServiceUnavailable"
	MissingAuth       Code = "MissingAuthenticationTokenException"
	IncompleteSign    Code = "IncompleteSignature"
	UnrecognizedKey   Code = "UnrecognizedClientException"
	InvalidSignature  Code = "InvalidSignatureException"
	ExpiredToken      Code = "ExpiredTokenException"
	OperationNotBuilt Code = "NotImplementedException"
)

// Error is a refusal that a client is meant to read. Code is what programs
// branch on, Msg what a person reads: it names what was wrong, where, and the
// remedy. Cause, if any, is for the operator's log and never reaches the wire.
type Error struct {
	Code  Code
	Msg   string
	Cause error
}

// Errorf returns an *Error with a formatted message. A %w verb in format sets
// the error's cause as well.
func Errorf(code Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	e := &Error{Code: code, Msg: err.Error()}
	if u, ok := err.(interface{ Unwrap() error }); ok {
		e.Cause = u.Unwrap()
	}
	return e
}

func (e *Error) Error() string { return string(e.Code) + ": " + e.Msg }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }
