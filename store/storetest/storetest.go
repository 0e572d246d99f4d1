// Package storetest is what a metadata store does, as a test suite. Every
// implementation runs it in its ordinary tests:
//
//	func TestStore(t *testing.T) { storetest.Run(t, open) }
package storetest

import (
	"context"
	"testing"
	"time"

	"bespoke"
	"bespoke/store"
)

// Store is all that a metadata store does. It exists for the suite alone:
// callers declare the few methods they need.
type Store interface {
	CreateDatasetGroup(ctx context.Context, g bespoke.DatasetGroup, tags []bespoke.Tag, limit int) error
	DatasetGroup(ctx context.Context, arn bespoke.ARN) (bespoke.DatasetGroup, error)
	DatasetGroups(ctx context.Context, p store.Page) ([]bespoke.DatasetGroup, store.Position, error)
	DeleteDatasetGroup(ctx context.Context, arn bespoke.ARN) error

	CreateSchema(ctx context.Context, s bespoke.Schema, limit int) error
	Schema(ctx context.Context, arn bespoke.ARN) (bespoke.Schema, error)
	Schemas(ctx context.Context, p store.Page) ([]bespoke.Schema, store.Position, error)
	DeleteSchema(ctx context.Context, arn bespoke.ARN) error

	CreateDataset(ctx context.Context, d bespoke.Dataset, tags []bespoke.Tag) error
	Dataset(ctx context.Context, arn bespoke.ARN) (bespoke.Dataset, error)
	Datasets(ctx context.Context, group bespoke.ARN, p store.Page) ([]bespoke.Dataset, store.Position, error)
	UpdateDataset(ctx context.Context, arn, schema bespoke.ARN) error
	FinishUpdate(ctx context.Context, arn bespoke.ARN, reason string) error
	DeleteDataset(ctx context.Context, arn bespoke.ARN) error

	CreateEventTracker(ctx context.Context, e bespoke.EventTracker, interactions bespoke.ARN, tags []bespoke.Tag) error
	EventTracker(ctx context.Context, arn bespoke.ARN) (bespoke.EventTracker, error)
	EventTrackers(ctx context.Context, group bespoke.ARN, p store.Page) ([]bespoke.EventTracker, store.Position, error)
	DeleteEventTracker(ctx context.Context, arn bespoke.ARN) error
	TrackedDataset(ctx context.Context, trackingID string) (d bespoke.Dataset, ok bool, err error)
	Writes() uint64

	CreateImportJob(ctx context.Context, j bespoke.ImportJob, tags []bespoke.Tag, limit int) error
	ImportJob(ctx context.Context, arn bespoke.ARN) (bespoke.ImportJob, error)
	ImportJobs(ctx context.Context, dataset bespoke.ARN, p store.Page) ([]bespoke.ImportJob, store.Position, error)
	NextImportJob(ctx context.Context, dataset bespoke.ARN) (arn bespoke.ARN, ok bool, err error)
	BeginRun(ctx context.Context, arn bespoke.ARN) error
	SuspendRun(ctx context.Context, arn bespoke.ARN) error
	FinishImportJob(ctx context.Context, arn bespoke.ARN, reason string) error
	SaveReport(ctx context.Context, arn bespoke.ARN, r store.Report) error
	Report(ctx context.Context, arn bespoke.ARN) (r store.Report, ok bool, err error)

	CreateExportJob(ctx context.Context, j bespoke.ExportJob, tags []bespoke.Tag, limit int) error
	ExportJob(ctx context.Context, arn bespoke.ARN) (bespoke.ExportJob, error)
	ExportJobs(ctx context.Context, dataset bespoke.ARN, p store.Page) ([]bespoke.ExportJob, store.Position, error)
	BeginExportJob(ctx context.Context, arn bespoke.ARN, snapshot int64) error
	FinishExportJob(ctx context.Context, arn bespoke.ARN, w bespoke.Written, reason string) error

	CreateSolution(ctx context.Context, v bespoke.Solution, tags []bespoke.Tag, limit int) error
	Solution(ctx context.Context, arn bespoke.ARN) (bespoke.Solution, error)
	Solutions(ctx context.Context, group bespoke.ARN, p store.Page) ([]bespoke.Solution, store.Position, error)
	UpdateSolution(ctx context.Context, arn bespoke.ARN, u bespoke.SolutionUpdate) error
	DeleteSolution(ctx context.Context, arn bespoke.ARN) error
	DueSolutions(ctx context.Context) ([]bespoke.Solution, error)
	PostponeTraining(ctx context.Context, arn bespoke.ARN) error
	BeginUpdate(ctx context.Context, arn bespoke.ARN) error

	CreateSolutionVersion(ctx context.Context, v bespoke.SolutionVersion, tags []bespoke.Tag, limit int) error
	SolutionVersion(ctx context.Context, arn bespoke.ARN) (bespoke.SolutionVersion, error)
	SolutionVersions(ctx context.Context, solution bespoke.ARN, p store.Page) ([]bespoke.SolutionVersion, store.Position, error)
	LatestSolutionVersion(ctx context.Context, solution bespoke.ARN) (v bespoke.SolutionVersion, ok bool, err error)
	StopSolutionVersion(ctx context.Context, arn bespoke.ARN) error
	FinishSolutionVersion(ctx context.Context, arn, recipe bespoke.ARN, reason string) error
	SaveTraining(ctx context.Context, arn bespoke.ARN, tr store.Training) error
	Training(ctx context.Context, arn bespoke.ARN) (tr store.Training, ok bool, err error)

	CreateCampaign(ctx context.Context, c bespoke.Campaign, tags []bespoke.Tag, limit int) error
	Campaign(ctx context.Context, arn bespoke.ARN) (bespoke.Campaign, error)
	Campaigns(ctx context.Context, solution bespoke.ARN, p store.Page) ([]bespoke.Campaign, store.Position, error)
	FinishCampaign(ctx context.Context, arn bespoke.ARN, reason string) error
	UpdateCampaign(ctx context.Context, arn bespoke.ARN, u bespoke.CampaignUpdate) error
	DeleteCampaign(ctx context.Context, arn bespoke.ARN) error
	CreateDeletionJob(ctx context.Context, j bespoke.DeletionJob, tags []bespoke.Tag, limit int) error
	DeletionJob(ctx context.Context, arn bespoke.ARN) (bespoke.DeletionJob, error)
	DeletionJobs(ctx context.Context, group bespoke.ARN, p store.Page) ([]bespoke.DeletionJob, store.Position, error)
	BeginDeletionJob(ctx context.Context, arn bespoke.ARN) error
	FinishDeletionJob(ctx context.Context, arn bespoke.ARN, deleted int64, reason string) error
	Withhold(ctx context.Context, job bespoke.ARN, reason string) error
	Scrub(ctx context.Context) error

	CreateMetricAttribution(ctx context.Context, a bespoke.MetricAttribution, list []bespoke.Metric) error
	MetricAttribution(ctx context.Context, arn bespoke.ARN) (bespoke.MetricAttribution, error)
	MetricAttributions(ctx context.Context, group bespoke.ARN, p store.Page) ([]bespoke.MetricAttribution, store.Position, error)
	Metrics(ctx context.Context, attribution bespoke.ARN, p store.Page) ([]bespoke.Metric, store.Position, error)
	UpdateMetricAttribution(ctx context.Context, a bespoke.MetricAttribution, add []bespoke.Metric, remove []string) error
	DeleteMetricAttribution(ctx context.Context, arn bespoke.ARN) error
	Attribute(ctx context.Context, from store.AttributedFrom, sums []store.Attributed) error
	AttributedTo(ctx context.Context, dataset bespoke.ARN) (uint64, error)
	Attributed(ctx context.Context, group bespoke.ARN, from, to int64, limit int) ([]store.Attributed, error)
	AttributedTotals(ctx context.Context, group bespoke.ARN) ([]store.Attributed, error)
	AttributedSources(ctx context.Context, group bespoke.ARN) ([]string, error)

	Move(ctx context.Context, arn bespoke.ARN, from, to bespoke.Status, reason string) error
	GiveUp(ctx context.Context, arn bespoke.ARN, reason string) error
	FinishDelete(ctx context.Context, arn bespoke.ARN) error

	Tag(ctx context.Context, arn bespoke.ARN, tags []bespoke.Tag) error
	Untag(ctx context.Context, arn bespoke.ARN, keys []string) error
	Tags(ctx context.Context, arn bespoke.ARN) ([]bespoke.Tag, error)
}

// Subject is a store under test.
type Subject struct {
	Store
	// Waiting returns how many jobs the store has queued. Nothing runs them.
	Waiting func() int
}

// Open makes an empty store whose clock is now, and closes it at the end of t.
type Open func(t *testing.T, now func() time.Time) Subject

// Run runs the suite, each test on a store of its own.
func Run(t *testing.T, open Open) {
	tests := []struct {
		name string
		f    func(t *testing.T, f *fixture)
	}{
		{"DatasetGroup/Create", createGroup},
		{"DatasetGroup/Quota", groupQuota},
		{"DatasetGroup/Lifecycle", groupLifecycle},
		{"DatasetGroup/Delete", deleteGroup},
		{"Schema/Create", createSchema},
		{"Schema/Delete", deleteSchema},
		{"Dataset/Create", createDataset},
		{"Dataset/Update", updateDataset},
		{"Dataset/UpdateFails", updateFails},
		{"Dataset/UpdateRefused", updateRefused},
		{"Dataset/Delete", deleteDataset},
		{"ImportJob/Create", createImport},
		{"ImportJob/Refused", importRefused},
		{"ImportJob/Quota", importQuota},
		{"ImportJob/OneAfterAnother", importOrder},
		{"ImportJob/Fails", importFails},
		{"ImportJob/Runs", importRuns},
		{"ImportJob/Report", importReport},
		{"EventTracker/Create", createTracker},
		{"EventTracker/Refused", trackerRefused},
		{"EventTracker/Delete", deleteTracker},
		{"EventTracker/TrackedDataset", trackedDataset},
		{"ExportJob/Create", createExport},
		{"ExportJob/Refused", exportRefused},

		{"Solution/Create", createSolution},
		{"Solution/Update", updateSolution},
		{"Solution/Due", dueSolutions},
		{"Solution/Delete", deleteSolution},
		{"SolutionVersion/Create", createVersion},
		{"SolutionVersion/ChoosesRecipe", versionChoosesRecipe},
		{"SolutionVersion/WaitsForImports", versionWaitsForImports},
		{"SolutionVersion/Stop", stopVersion},
		{"SolutionVersion/Runs", versionRuns},
		{"Campaign/Create", createCampaign},
		{"Campaign/Update", updateCampaign},
		{"Campaign/Sync", syncCampaign},
		{"DeletionJob/Lifecycle", deletionLifecycle},
		{"DeletionJob/Waits", deletionWaits},
		{"MetricAttribution/Lifecycle", attributionLifecycle},
		{"MetricAttribution/Refused", attributionRefused},
		{"MetricAttribution/Sums", attributionSums},
		{"Move/Refused", moveRefused},
		{"GiveUp", giveUp},
		{"Tags", tags},
		{"Tags/Limit", tagLimit},
		{"List/NewestFirst", listOrder},
		{"List/ByParent", listByParent},
		{"List/ChangesWhilePaging", listWhileChanging},
		{"List/BadLimit", listBadLimit},
		{"Concurrent/SameName", sameName},
		{"Concurrent/Quota", concurrentQuota},
		{"Concurrent/Move", concurrentMove},
		{"Cancelled", cancelled},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			clock := &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 123_456_789, time.FixedZone("", 3600))}
			tt.f(t, &fixture{T: t, Subject: open(t, clock.read), clock: clock})
		})
	}
}
