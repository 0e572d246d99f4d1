// Package job runs durable background work. There is one kind of job: take the
// next steps for the resource with this ARN until it is settled. A job row is
// written by [Queue.Insert] in the same transaction as the resource it is
// about, so that neither exists without the other, and is run by a [Runner] of
// the same process.
//
// What a job promises: it runs at least once after its transaction has
// committed, again after every error and every crash, and never twice at the
// same time for one resource. What it asks in return: a handler that may be
// run again at any step, which compare-and-set on the resource's status gives.
//
// Rows live in River's tables next to the metadata. The package knows nothing
// about what a step does, and it does not spread work over several processes.
// Start reading at [Queue] and [Runner].
package job
