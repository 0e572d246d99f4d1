package control

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"bespoke"
	"bespoke/artifact"
	"bespoke/awsapi/wire"
	"bespoke/event"
	"bespoke/lake"
	"bespoke/serve"
)

// Config is what a [Service] works with. All members are required but for the
// limits, where zero means none.
type Config struct {
	Scope bespoke.Scope
	Store Store
	Lake  *lake.Lake
	// Records has what came in one by one and is on its way to the tables.
	Records Records
	// Models is where trainings leave what Serve answers from.
	Models *artifact.Folder
	Serve  *serve.Server
	// Access opens S3 as a role sees it, or as the caller does without one. Its
	// error wraps blob.ErrRole where the role is at fault.
	Access   func(ctx context.Context, roleARN string, caller bespoke.Caller) (Objects, error)
	Limits   bespoke.Limits
	TokenKey []byte // authenticates page tokens; at least 16 bytes
	TempDir  string // scratch space of running imports
	// MaxBadRows is how many bad rows an import's report keeps.
	MaxBadRows int
	// MaxBadShare is which share of an import's rows, from 0 to 1, may be bad and
	// is left out; 0 means that one bad row fails the import.
	MaxBadShare float64
	// RejectedDir is where the rows that were left out go, a file for each job.
	// It is needed where MaxBadShare is above 0.
	RejectedDir string
	// ExportPart is how many bytes an object of an export gets; 0 means 256 MiB.
	ExportPart int64
	Workers    int   // splits of one import that are read at once, and goroutines of one training
	Memory     int64 // bytes that one import may use for its buffers
	// MaxCrashes is how often the process may die in the midst of an import or a
	// training until that fails; 0 means 5.
	MaxCrashes int
	// KeepSnapshots is how long an earlier state of a dataset stays readable, and
	// how long files stay that no state leads to.
	KeepSnapshots time.Duration
	// UpdateEvery is how often campaigns that explore look for new items; 0 means
	// every two hours, as Amazon does.
	UpdateEvery time.Duration
	Now         func() time.Time // for Refresh; nil means time.Now
	// Roomy is called when Refresh begins to work that takes as much memory as
	// models do, and what it returns at the end. May be nil.
	Roomy  func() (end func())
	Logger *slog.Logger
	// Recommended returns the ARN of the campaign or recommender that made a
	// recommendation, for metric attribution; nil where none are made.
	Recommended func(recommendationID string) (arn string, ok bool)
	// Observe is told about every import that has ended, for metrics.
	Observe func(ImportProgress)
	// ObserveTraining is told about trainings that begin and end, for metrics. May
	// be nil.
	ObserveTraining func(Trained)
	// ObserveTidy is told about everything that [Service.Tidy] has done to a table,
	// for metrics. May be nil.
	ObserveTidy func(Tidied)
}

// Records is the log of individually imported records.
type Records interface {
	// Flush returns once the dataset's table has all that was acknowledged before.
	Flush(ctx context.Context, dataset bespoke.ARN) error
	// Drop removes what it has of a dataset that is being deleted.
	Drop(ctx context.Context, dataset bespoke.ARN) error
	// Purge is Flush, and takes the records that gone is true for out of what it
	// has.
	Purge(ctx context.Context, dataset bespoke.ARN, gone func(*event.Record) bool) (int64, error)
}

// Objects is S3 as one role may see it. Errors match blob.ErrDenied,
// blob.ErrNotFound, blob.ErrNoBucket and blob.ErrChanged.
type Objects interface {
	readable
	writable
}

type readable interface {
	List(ctx context.Context, bucket, prefix string) iter.Seq2[bespoke.Object, error]
	Walk(ctx context.Context, bucket, prefix string) iter.Seq2[bespoke.Object, error]
	Stat(ctx context.Context, bucket, key string) (bespoke.Object, error)
	Open(ctx context.Context, o bespoke.Object, offset, length int64) (io.ReadCloser, error)
}

// Store is the metadata store; the suite in storetest says what each method
// does.
type Store interface {
	groupStore
	schemaStore
	datasetStore
	importStore
	solutionStore
	versionStore
	campaignStore
	trackerStore
	exportStore
	deletionStore
	attributionStore
	tagStore
	Move(ctx context.Context, arn bespoke.ARN, from, to bespoke.Status, reason string) error
	FinishDelete(ctx context.Context, arn bespoke.ARN) error
	GiveUp(ctx context.Context, arn bespoke.ARN, reason string) error
}

// Service is the control plane. It is safe for concurrent use.
type Service struct {
	cfg       Config
	running   runs
	trainings trainings
	untidy    untidy
	fresh     freshness
	counts    sync.Map            // of datasets' ARNs to counted
	places    *semaphore.Weighted // of imports that run
}

// New returns the service.
func New(cfg Config) (*Service, error) {
	var errs []error
	check := func(ok bool, msg string) {
		if !ok {
			errs = append(errs, errors.New(msg))
		}
	}
	check(cfg.Store != nil && cfg.Lake != nil && cfg.Records != nil && cfg.Access != nil, "Store, Lake, Records and Access are required")
	check(cfg.Models != nil && cfg.Serve != nil, "Models and Serve are required")
	check(cfg.Logger != nil && cfg.Observe != nil, "Logger and Observe are required")
	check(len(cfg.TokenKey) >= 16, "TokenKey must have at least 16 bytes")
	check(cfg.TempDir != "", "TempDir is required")
	check(cfg.MaxCrashes >= 0, "MaxCrashes must not be below 0")
	check(cfg.MaxBadRows > 0 && cfg.Workers > 0 && cfg.Memory > 0, "MaxBadRows, Workers and Memory must be above 0")
	check(cfg.ExportPart >= 0, "ExportPart must not be below 0")
	check(cfg.MaxBadShare >= 0 && cfg.MaxBadShare <= 1, "MaxBadShare must be from 0 to 1")
	check(cfg.MaxBadShare == 0 || cfg.RejectedDir != "", "RejectedDir is required with MaxBadShare")
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("control: %w", err)
	}
	cfg.ExportPart = cmp.Or(cfg.ExportPart, 256<<20)
	cfg.MaxCrashes = cmp.Or(cfg.MaxCrashes, 5)
	cfg.UpdateEvery = cmp.Or(cfg.UpdateEvery, 2*time.Hour)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Roomy == nil {
		cfg.Roomy = func() func() { return func() {} }
	}
	return &Service{cfg: cfg, untidy: newUntidy(), fresh: newFreshness(), places: semaphore.NewWeighted(allPlaces)}, nil
}

// Handlers binds the operations that this package knows. The others are nil.
func (s *Service) Handlers() wire.Handlers {
	return wire.Handlers{
		CreateDatasetGroup:   s.createDatasetGroup,
		DescribeDatasetGroup: s.describeDatasetGroup,
		ListDatasetGroups:    s.listDatasetGroups,
		DeleteDatasetGroup:   s.deleteDatasetGroup,

		CreateSchema:   s.createSchema,
		DescribeSchema: s.describeSchema,
		ListSchemas:    s.listSchemas,
		DeleteSchema:   s.deleteSchema,

		CreateDataset:   s.createDataset,
		DescribeDataset: s.describeDataset,
		ListDatasets:    s.listDatasets,
		UpdateDataset:   s.updateDataset,
		DeleteDataset:   s.deleteDataset,

		CreateDatasetImportJob:   s.createDatasetImportJob,
		DescribeDatasetImportJob: s.describeDatasetImportJob,
		ListDatasetImportJobs:    s.listDatasetImportJobs,

		CreateEventTracker:       s.createEventTracker,
		DescribeEventTracker:     s.describeEventTracker,
		ListEventTrackers:        s.listEventTrackers,
		DeleteEventTracker:       s.deleteEventTracker,
		CreateDatasetExportJob:   s.createDatasetExportJob,
		DescribeDatasetExportJob: s.describeDatasetExportJob,
		ListDatasetExportJobs:    s.listDatasetExportJobs,

		ListRecipes:                   s.listRecipes,
		DescribeRecipe:                s.describeRecipe,
		DescribeAlgorithm:             s.describeAlgorithm,
		DescribeFeatureTransformation: s.describeFeatureTransformation,

		CreateSolution:   s.createSolution,
		DescribeSolution: s.describeSolution,
		ListSolutions:    s.listSolutions,
		UpdateSolution:   s.updateSolution,
		DeleteSolution:   s.deleteSolution,

		CreateSolutionVersion:       s.createSolutionVersion,
		DescribeSolutionVersion:     s.describeSolutionVersion,
		ListSolutionVersions:        s.listSolutionVersions,
		StopSolutionVersionCreation: s.stopSolutionVersionCreation,
		GetSolutionMetrics:          s.getSolutionMetrics,

		CreateCampaign:   s.createCampaign,
		DescribeCampaign: s.describeCampaign,
		ListCampaigns:    s.listCampaigns,
		UpdateCampaign:   s.updateCampaign,
		DeleteCampaign:   s.deleteCampaign,

		CreateDataDeletionJob:   s.createDataDeletionJob,
		DescribeDataDeletionJob: s.describeDataDeletionJob,
		ListDataDeletionJobs:    s.listDataDeletionJobs,

		CreateMetricAttribution:      s.createMetricAttribution,
		DescribeMetricAttribution:    s.describeMetricAttribution,
		ListMetricAttributions:       s.listMetricAttributions,
		ListMetricAttributionMetrics: s.listMetricAttributionMetrics,
		UpdateMetricAttribution:      s.updateMetricAttribution,
		DeleteMetricAttribution:      s.deleteMetricAttribution,

		TagResource:         s.tagResource,
		UntagResource:       s.untagResource,
		ListTagsForResource: s.listTagsForResource,
	}
}

// resource returns the ARN of a request, which must name a resource of the
// kind that the operation is about. An absent filter of a list is no ARN.
func resource(kind, arn string) (bespoke.ARN, error) {
	a := bespoke.ARN(arn)
	if arn != "" && a.Kind() != kind {
		article := "a"
		if strings.ContainsRune("aeiou", rune(kind[0])) {
			article = "an"
		}
		return "", bespoke.Errorf(bespoke.InvalidInput, "The ARN %s is not that of %s %s.", arn, article, strings.ReplaceAll(kind, "-", " "))
	}
	return a, nil
}
