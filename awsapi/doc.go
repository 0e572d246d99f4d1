// Package awsapi is the wire: it takes HTTP requests as AWS SDKs send them and
// hands decoded, checked, authenticated calls to the functions of
// [bespoke/awsapi/wire.Handlers].
//
// Start reading at [Server], which answers the operations of Personalize,
// Personalize Events and Personalize Runtime on one address, and at [Verifier],
// which checks signatures (Signature Version 4, header form) for those and for
// any other service behind the same address. Which error gets which HTTP status
// is decided in one place, statusOf.
//
// The package is not the place for rules of the service: whether a name is
// taken is for the handlers, what a name must look like is for the generated
// constraints in package wire.
package awsapi
