package bespoke

// Limits are the quotas that calls are checked against. Zero means no limit.
type Limits struct {
	Schemas       int // per scope
	DatasetGroups int // per scope
	ImportJobs    int // pending or running, per scope
	ExportJobs    int // likewise
	DeletionJobs  int // pending, per dataset group
	Solutions     int // per dataset group
	Trainings     int // pending or running solution versions, per scope
	Campaigns     int // per dataset group
	// AttributionSources is how many sources the events of a dataset group may name.
	AttributionSources int
	// ImportBytes is how much one job may read, by mode.
	FullBytes        int64
	IncrementalBytes int64
	// MinInteractions is how many rows an import of item interactions must
	// have; an INCREMENTAL import must bring as many new ones.
	MinInteractions int64
	// A training needs as many interactions, and as many users with two or more
	// of them. Where these are 0, too few are a warning.
	TrainInteractions int64
	TrainUsers        int64
	// UpdateItems is how many items a model and the new ones may be for an update
	// without training.
	UpdateItems int
	// CSVOnly is whether imports read plain CSV only, as Amazon's do.
	CSVOnly bool
	// How many calls a second one dataset group may make of each operation that
	// takes events or action interactions, or other records.
	EventCalls, RecordCalls int
}

// Amazon's minima for training.
const (
	MinTrainInteractions = 1000
	MinTrainUsers        = 25 // with at least two interactions each
)

// MaxMetrics is how many metrics a metric attribution may have. It holds in
// every mode.
const MaxMetrics = 10

// MaxTags is how many tags one resource may carry. It is a property of the
// API and holds in every mode.
const MaxTags = 50

// StrictLimits returns Amazon Personalize's own quotas.
// Source: the quotas page of the Amazon Personalize developer guide.
func StrictLimits() Limits {
	return Limits{
		Schemas:          500,
		DatasetGroups:    5,
		ImportJobs:       5,
		ExportJobs:       5,
		DeletionJobs:     5,
		FullBytes:        100 << 30,
		IncrementalBytes: 1 << 30,
		MinInteractions:  1000,

		Solutions: 10, Trainings: 20, Campaigns: 5,
		TrainInteractions: MinTrainInteractions, TrainUsers: MinTrainUsers,
		CSVOnly:            true,
		EventCalls:         1000,
		RecordCalls:        10,
		AttributionSources: 100,
		UpdateItems:        750_000,
	}
}

// GenerousLimits returns what a server allows unless told to be strict: enough
// for any honest use, low enough to stop a loop that creates without end.
func GenerousLimits() Limits {
	return Limits{
		Schemas: 100_000, DatasetGroups: 10_000, ImportJobs: 1_000, ExportJobs: 1_000, DeletionJobs: 1_000, Solutions: 1_000, Trainings: 1_000, Campaigns: 1_000,
		AttributionSources: 10_000, UpdateItems: 10_000_000,
	}
}
