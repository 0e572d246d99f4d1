// Package wire is the API model in Go: a structure for every shape of the
// three services, the constraints on their members, the decoding of requests
// and the table of operations. The files *.gen.go are generated from the
// model's JSON; the rest is what they are built on.
//
// Start reading at [Handlers], which an implementation of the API fills in,
// and at [Handlers.Bind], which turns a request's bytes into a call. A member
// that may be absent and whose absence differs from zero is a pointer; a
// string is not, since decoding has already refused an empty one where the
// model does.
//
// The package knows JSON but not HTTP, and the model's rules but not the
// service's: what a name must look like, not whether it is taken.
package wire

//go:generate go run ../internal/wiregen -model ../model -out .
