// Package bespoke holds the nouns of the service: ARNs, resources, their
// states and legal transitions, limits, error codes and the caller of a
// request. It is the vocabulary that every other package speaks and imports
// nothing but the standard library.
//
// Start reading at [Dataset] and [ImportJob]; [Status] says which states a
// resource passes through, [Error] what a client is told when a call is
// refused. It is not the place for behaviour that needs a disk, a database or
// a network.
package bespoke
