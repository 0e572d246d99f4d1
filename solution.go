package bespoke

import "time"

// TrainingMode says what a training starts from.
type TrainingMode string

// The training modes: TrainFull learns from all data, TrainUpdate keeps the model
// of an earlier version and takes new items in as candidates of exploration.
const (
	TrainFull   TrainingMode = "FULL"
	TrainUpdate TrainingMode = "UPDATE"
)

// TrainingType says who asked for a training.
type TrainingType string

// The training types.
const (
	TrainManual    TrainingType = "MANUAL"
	TrainAutomatic TrainingType = "AUTOMATIC"
)

// FirstTraining is how long after a solution has become ACTIVE, or its schedule
// has changed, an automatic training comes, unless somebody trains earlier.
const FirstTraining = time.Hour

// Solution is a recipe with the settings to train it on a dataset group.
type Solution struct {
	Name       string
	ARN        ARN
	GroupARN   ARN
	RecipeARN  ARN // "" with performAutoML
	PerformHPO bool
	EventType  string // train on these interactions only; "" for all
	Config     string // solutionConfig as JSON, "{}" if none was sent
	// TrainEvery is the period of automatic training, 0 without it.
	TrainEvery time.Duration
	// NextTraining is when automatic training is due, zero without it.
	NextTraining  time.Time
	Status        Status
	FailureReason string
	Update        *SolutionUpdate // the latest, nil before the first
	Times
}

// AutoML reports whether each version chooses its recipe itself.
func (s Solution) AutoML() bool { return s.RecipeARN == "" }

// SolutionUpdate is one change of a solution's settings. Config and TrainEvery
// are those of the solution once the update is ACTIVE.
type SolutionUpdate struct {
	PerformAutoTraining *bool  // as it was sent
	Sent                string // solutionUpdateConfig as JSON
	Config              string
	TrainEvery          time.Duration
	Status              Status
	FailureReason       string
	Times
}

// SolutionVersion is one training of a solution, with the settings that the
// solution had.
type SolutionVersion struct {
	Name          string
	ARN           ARN
	SolutionARN   ARN
	GroupARN      ARN
	RecipeARN     ARN // "" until it is ACTIVE where it chooses it itself
	PerformHPO    bool
	EventType     string
	Config        string
	Mode          TrainingMode
	Type          TrainingType
	Seed          int64 // of all that is random in the training
	Status        Status
	FailureReason string
	Begun         int // runs of the training that have begun and not ended, as of import jobs
	Times
}

// Campaign serves recommendations from a solution version.
type Campaign struct {
	Name          string
	ARN           ARN
	SolutionARN   ARN
	VersionARN    ARN
	MinTPS        int
	Config        string // campaignConfig as JSON, "{}" if none was sent
	Sync          bool   // deploy each later version of the solution
	Status        Status
	FailureReason string
	Update        *CampaignUpdate // the latest, nil before the first
	Times
}

// CampaignUpdate is one change of what a campaign serves and how.
type CampaignUpdate struct {
	VersionARN    ARN
	MinTPS        int
	Config        string
	Sync          bool
	Status        Status
	FailureReason string
	Times
}
