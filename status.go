package bespoke

import "slices"

// Status is where a resource stands in its life. The words are the API's.
type Status string

// The states of resources. Jobs have only the first four, solution versions
// the first six.
const (
	CreatePending    Status = "CREATE PENDING"
	CreateInProgress Status = "CREATE IN_PROGRESS"
	Active           Status = "ACTIVE"
	CreateFailed     Status = "CREATE FAILED"
	CreateStopping   Status = "CREATE STOPPING"
	CreateStopped    Status = "CREATE STOPPED"
	UpdatePending    Status = "UPDATE PENDING"
	UpdateInProgress Status = "UPDATE IN_PROGRESS"
	DeletePending    Status = "DELETE PENDING"
	DeleteInProgress Status = "DELETE IN_PROGRESS"
)

// The states of data deletion jobs.
const (
	Pending    Status = "PENDING"
	InProgress Status = "IN_PROGRESS"
	Completed  Status = "COMPLETED"
	Failed     Status = "FAILED"
)

// next lists the legal moves. A deleted resource is gone, so the delete states
// lead nowhere.
var next = map[Status][]Status{
	CreatePending:    {CreateInProgress, CreateFailed, CreateStopped},
	CreateInProgress: {Active, CreateFailed, CreateStopping},
	CreateStopping:   {CreateStopped},
	Active:           {UpdatePending, DeletePending},
	CreateFailed:     {DeletePending},
	UpdatePending:    {UpdateInProgress, Active},
	UpdateInProgress: {Active},
	DeletePending:    {DeleteInProgress},
	Pending:          {InProgress, Failed},
	InProgress:       {Completed, Failed},
}

// Can reports whether a resource may move from s to t.
func (s Status) Can(t Status) bool {
	return slices.Contains(next[s], t)
}

// Settled reports whether nothing is under way: the resource is ACTIVE or
// COMPLETED, has failed for good or was stopped.
func (s Status) Settled() bool {
	return slices.Contains([]Status{Active, CreateFailed, CreateStopped, Completed, Failed}, s)
}

// Unfinished reports whether a creation is under way.
func (s Status) Unfinished() bool {
	return s == CreatePending || s == CreateInProgress || s == CreateStopping
}
