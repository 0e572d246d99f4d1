package control

import (
	"cmp"
	"context"
	"maps"
	"sync"
	"time"

	"bespoke"
	"bespoke/store"
	"bespoke/train"
)

// trainingRun is one training under way in this process. Safe for concurrent
// use.
type trainingRun struct {
	began  time.Time
	cancel context.CancelCauseFunc

	mu       sync.Mutex
	progress train.Progress
}

func (r *trainingRun) report(p train.Progress) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.progress = p
}

func (r *trainingRun) now() train.Progress {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.progress
}

// Trained is the begin or the end of a training, for metrics.
type Trained struct {
	Recipe string         // performAutoML as long as none is chosen
	Status bespoke.Status // CREATE IN_PROGRESS where it begins, else how it ended
	Took   time.Duration  // since it began in this process
	Phases []store.Phase  // of one that is ACTIVE
}

// observe tells about a training that begins or ends.
func (s *Service) observe(v bespoke.SolutionVersion, status bespoke.Status, phases []store.Phase) {
	if s.cfg.ObserveTraining == nil {
		return
	}
	t := Trained{Recipe: cmp.Or(v.RecipeARN.Name(), automatic.Name), Status: status, Phases: phases}
	if run, ok := s.trainings.get(v.ARN); ok {
		t.Took = time.Since(run.began)
	}
	s.cfg.ObserveTraining(t)
}

// trainings are those that this process is working on.
type trainings struct {
	mu sync.Mutex
	m  map[bespoke.ARN]*trainingRun
}

func (t *trainings) get(version bespoke.ARN) (*trainingRun, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	run, ok := t.m[version]
	return run, ok
}

func (t *trainings) add(version bespoke.ARN, run *trainingRun) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.m == nil {
		t.m = map[bespoke.ARN]*trainingRun{}
	}
	t.m[version] = run
}

func (t *trainings) remove(version bespoke.ARN) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.m, version)
}

// stop cancels a training, if it is under way here.
func (t *trainings) stop(version bespoke.ARN) {
	if run, ok := t.get(version); ok {
		run.cancel(errStopped)
	}
}

// TrainingProgress is how far a solution version is, and what its training has
// read and found: what the API itself cannot say.
type TrainingProgress struct {
	VersionARN    bespoke.ARN          `json:"solutionVersionArn"`
	RecipeARN     bespoke.ARN          `json:"recipeArn"` // "" until performAutoML has chosen
	Mode          bespoke.TrainingMode `json:"trainingMode"`
	Type          bespoke.TrainingType `json:"trainingType"`
	Status        bespoke.Status       `json:"status"`
	FailureReason string               `json:"failureReason,omitempty"`
	Phase         string               `json:"phase"`          // WAITING, READING, TUNING, EVALUATING, FITTING, PUBLISHING or DONE
	Step          string               `json:"step,omitempty"` // of the phase, as the recipe calls it
	Share         float64              `json:"share"`          // of the step, 0 to 1
	Seconds       float64              `json:"seconds"`        // that the training has taken
	Seed          int64                `json:"seed,string"`
	Inputs        []store.Input        `json:"inputs"`
	Metrics       map[string]float64   `json:"metrics"`
	Extra         map[string]float64   `json:"extra"`
	Warnings      []string             `json:"warnings"`
	Phases        []store.Phase        `json:"phases"`
	Trials        []store.Trial        `json:"trials"` // of hyperparameters and recipes
	Created       time.Time            `json:"creationDateTime"`
	Updated       time.Time            `json:"lastUpdatedDateTime"`
}

// TrainingProgress returns how far the version is. It is cheap enough to be
// polled.
func (s *Service) TrainingProgress(ctx context.Context, version bespoke.ARN) (TrainingProgress, error) {
	v, err := s.cfg.Store.SolutionVersion(ctx, version)
	if err != nil {
		return TrainingProgress{}, refusal(err)
	}
	tr, _, err := s.cfg.Store.Training(ctx, version)
	if err != nil {
		return TrainingProgress{}, refusal(err)
	}
	p := TrainingProgress{
		VersionARN: v.ARN, RecipeARN: v.RecipeARN, Mode: v.Mode, Type: v.Type, Status: v.Status, FailureReason: v.FailureReason,
		Phase: "WAITING", Seed: v.Seed, Inputs: append([]store.Input{}, tr.Inputs...), Metrics: map[string]float64{}, Extra: map[string]float64{},
		Warnings: append([]string{}, tr.Warnings...), Phases: append([]store.Phase{}, tr.Phases...), Trials: append([]store.Trial{}, tr.Trials...),
		Created: v.Created, Updated: v.Updated,
	}
	maps.Copy(p.Metrics, tr.Metrics)
	maps.Copy(p.Extra, tr.Extra)
	p.Seconds = tr.Hours * 3600
	if v.Status.Settled() {
		p.Phase, p.Share = "DONE", 1
		return p, nil
	}
	if run, ok := s.trainings.get(version); ok {
		now := run.now()
		p.Phase, p.Step, p.Share, p.Seconds = now.Phase, now.Step, now.Share, time.Since(run.began).Seconds()
		if p.Phase == "" {
			p.Phase = "READING"
		}
		maps.Copy(p.Metrics, now.Metrics)
		p.Trials = append(p.Trials, storedTrials(now.Trials)...)
	}
	return p, nil
}

func storedTrials(all []train.Trial) []store.Trial {
	out := make([]store.Trial, len(all))
	for i, t := range all {
		out[i] = store.Trial(t)
	}
	return out
}
