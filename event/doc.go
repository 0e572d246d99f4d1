// Package event takes in records one by one: events, items, users, actions and
// action interactions. A call is answered once its records are on the disk;
// from then on they are seen by whoever reads live state, and they join the
// Iceberg table of their dataset in the background, each exactly once.
//
// Start at [Service], whose handlers check records against the schema, by the
// rules that imports have too. Below it every dataset has a [Log] of its own:
// numbered records in segment files, written by one goroutine that syncs the
// calls of all callers together. The newest records stay in the log after they
// have joined the table, so that live state survives a restart.
//
// A log of our own, not a library: records are numbered, grouped and purged by
// rules that none of those at hand has, and a segment is a header and frames
// with checksums. The package does not read tables and ranks nothing.
package event
