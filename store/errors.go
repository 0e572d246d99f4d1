package store

import (
	"errors"
	"fmt"

	"bespoke"
)

// Sentinels for callers that need no more than the fact.
var (
	ErrNotFound = errors.New("not found")
	ErrExists   = errors.New("already exists")
)

// NotFoundError says which resource does not exist: the one asked for, or one
// that it refers to. It matches ErrNotFound.
type NotFoundError struct{ ARN bespoke.ARN }

func (e *NotFoundError) Error() string { return fmt.Sprintf("%s does not exist", e.ARN) }

// Unwrap returns ErrNotFound.
func (e *NotFoundError) Unwrap() error { return ErrNotFound }

// ExistsError says which ARN is taken. It matches ErrExists.
type ExistsError struct{ ARN bespoke.ARN }

func (e *ExistsError) Error() string { return fmt.Sprintf("%s already exists", e.ARN) }

// Unwrap returns ErrExists.
func (e *ExistsError) Unwrap() error { return ErrExists }

// StateError says that a resource, which may be the parent of the one asked
// for, is in a status that does not allow the step.
type StateError struct {
	ARN    bespoke.ARN
	Status bespoke.Status // at the time of the step
}

func (e *StateError) Error() string { return fmt.Sprintf("%s is %s", e.ARN, e.Status) }

// InUseError says that a resource is in the way of a step on another, and must
// go or finish first.
type InUseError struct {
	ARN bespoke.ARN // the resource that was to change
	By  bespoke.ARN // one that uses it, the oldest if there are several
}

func (e *InUseError) Error() string { return fmt.Sprintf("%s is in use by %s", e.ARN, e.By) }

// Quota names what a LimitError counts.
type Quota string

// The quotas.
const (
	SchemaQuota       Quota = "schemas"
	DatasetGroupQuota Quota = "dataset groups"
	ImportJobQuota    Quota = "pending or running import jobs"
	ExportJobQuota    Quota = "pending or running export jobs"
	DeletionJobQuota  Quota = "pending data deletion jobs of the group"
	MetricQuota       Quota = "metrics of the attribution"
	TagQuota          Quota = "tags"
	SolutionQuota     Quota = "solutions in the dataset group"
	TrainingQuota     Quota = "pending or running solution versions"
	CampaignQuota     Quota = "campaigns in the dataset group"
)

// LimitError says that a quota is used up.
type LimitError struct {
	Quota Quota
	Limit int
}

func (e *LimitError) Error() string { return fmt.Sprintf("no more than %d %s", e.Limit, e.Quota) }

// NotImportedError says that an INCREMENTAL import came before any import job
// of the dataset had succeeded.
type NotImportedError struct{ ARN bespoke.ARN } // the dataset's

func (e *NotImportedError) Error() string {
	return fmt.Sprintf("%s has no successful import job yet", e.ARN)
}

// ImportingError says that training has to wait for an import job.
type ImportingError struct{ Job bespoke.ARN } // the oldest unfinished one

func (e *ImportingError) Error() string { return fmt.Sprintf("%s has not finished", e.Job) }

// MetricExistsError says that an attribution has a metric of that name.
type MetricExistsError struct {
	ARN    bespoke.ARN // the attribution's
	Metric string
}

func (e *MetricExistsError) Error() string { return fmt.Sprintf("%s has a metric %s", e.ARN, e.Metric) }

// NoMetricError says that an attribution has no metric of that name.
type NoMetricError struct {
	ARN    bespoke.ARN
	Metric string
}

func (e *NoMetricError) Error() string { return fmt.Sprintf("%s has no metric %s", e.ARN, e.Metric) }
