// Package sqlite keeps the metadata of one server in a SQLite database: one
// file, one process, no cgo. It implements the contract of package store.
//
// Writes go through one connection, so that they queue in the process and
// never collide in the file; reads have a pool of their own and see the last
// committed state. A commit returns once it is on disk (WAL with
// synchronous=FULL). Jobs live in the same database, and a [Store] hands out
// its [job.Queue] to the runner.
//
// Start reading at [Open] and at the migrations, which are the schema.
package sqlite
