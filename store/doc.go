// Package store is the contract of the metadata store: the rows are the nouns
// of the root package, and this package adds what stores and their callers
// share, namely pages of a listing, import reports, and the errors by which a
// store says why it refused. The interfaces live with their consumers; the
// suite in storetest is the contract in full.
//
// Rules that hold for every implementation:
//
//   - A method is one transaction. What it guards (the parent is ACTIVE, a
//     quota, a name not taken) is checked inside it.
//   - Whatever leaves a resource in an unsettled status also writes the job
//     that will take it further, in the same transaction.
//   - A method that returned nil has reached the disk.
//   - Times are set by the store, in UTC with millisecond precision.
//   - All methods are safe for concurrent use.
package store
