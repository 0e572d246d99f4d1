package serve

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"

	"bespoke"
	"bespoke/artifact"
	"bespoke/awsapi/catalog"
	"bespoke/awsapi/wire"
	"bespoke/history"
	"bespoke/recipe"
	"bespoke/store"
)

// Deployment is what a campaign answers from. It is not to be changed.
type Deployment struct {
	Campaign bespoke.ARN
	Version  bespoke.ARN
	GroupARN bespoke.ARN
	Recipe   catalog.Recipe
	Artifact *artifact.Artifact
	// Rules say which live events count; none means all.
	Rules []history.Rule
	// Metadata says that items' columns can be asked for.
	Metadata bool
	Explore  recipe.Exploration

	candidates []candidate // for exploration
	seed       uint64      // of recommendation IDs
}

// Live knows what users have done since they were trained on.
type Live interface {
	// Recent returns a user's newest interactions in a dataset group, oldest
	// first, as far as they are known. The slice is the caller's.
	Recent(group bespoke.ARN, user string) []history.Interaction
	// Impressions returns what was shown with the newest of a user's events that
	// say so, n at most.
	Impressions(group bespoke.ARN, user string, n int) []Impression
}

// Config says what a Server works with.
type Config struct {
	Models *artifact.Folder
	// Campaign finds a campaign that is not deployed, to say what it is. Its error
	// matches store.ErrNotFound where there is none.
	Campaign func(ctx context.Context, arn bespoke.ARN) (bespoke.Campaign, error)
	Live     Live // nil where nothing comes in
	// Remember is how many answers are kept for events that refer to them;
	// default 50,000.
	Remember int
}

// Server answers for the campaigns that are deployed. Safe for concurrent use.
type Server struct {
	cfg      Config
	deployed atomic.Pointer[map[bespoke.ARN]*Deployment]
	mu       sync.Mutex // of changes
	given    *memory
}

// New returns a server without deployments.
func New(cfg Config) (*Server, error) {
	if cfg.Models == nil || cfg.Campaign == nil {
		return nil, errors.New("serve: Models and Campaign are required")
	}
	if cfg.Remember == 0 {
		cfg.Remember = 50_000
	}
	if cfg.Remember < 0 {
		return nil, fmt.Errorf("serve: Remember is %d, below 0", cfg.Remember)
	}
	s := &Server{cfg: cfg, given: newMemory(cfg.Remember)}
	s.deployed.Store(&map[bespoke.ARN]*Deployment{})
	return s, nil
}

// Load reads the artifact of a version. Campaigns of one version share it.
func (s *Server) Load(version bespoke.ARN) (*artifact.Artifact, error) {
	for _, d := range *s.deployed.Load() {
		if d.Version == version {
			return d.Artifact, nil
		}
	}
	return s.cfg.Models.Load(version)
}

// Deploy makes a campaign answer from d from the next request on.
func (s *Server) Deploy(d Deployment) {
	d.prepare()
	s.change(func(all map[bespoke.ARN]*Deployment) { all[d.Campaign] = &d })
}

// prepare computes what follows from the exported members.
func (d *Deployment) prepare() {
	d.seed = seedOf(d.Campaign)
	d.candidates = candidates(d.Explore, d.Artifact)
}

// Update changes copies of the deployments of a version, from which their
// campaigns answer from the next request on.
func (s *Server) Update(version bespoke.ARN, change func(d *Deployment)) {
	s.change(func(all map[bespoke.ARN]*Deployment) {
		for campaign, d := range all {
			if d.Version == version {
				next := *d
				change(&next)
				next.prepare()
				all[campaign] = &next
			}
		}
	})
}

// Deployments returns what campaigns answer from.
func (s *Server) Deployments() []Deployment {
	var all []Deployment
	for _, d := range *s.deployed.Load() {
		all = append(all, *d)
	}
	return all
}

// Withdraw makes a campaign answer no more.
func (s *Server) Withdraw(campaign bespoke.ARN) {
	s.change(func(all map[bespoke.ARN]*Deployment) { delete(all, campaign) })
}

func (s *Server) change(f func(map[bespoke.ARN]*Deployment)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := maps.Clone(*s.deployed.Load())
	f(all)
	s.deployed.Store(&all)
}

// Bind sets the operations that this package answers.
func (s *Server) Bind(h *wire.Handlers) {
	h.GetRecommendations = s.getRecommendations
	h.GetPersonalizedRanking = s.getPersonalizedRanking
}

// deployment returns what a campaign answers from.
func (s *Server) deployment(ctx context.Context, arn string) (*Deployment, error) {
	a := bespoke.ARN(arn)
	if d := (*s.deployed.Load())[a]; d != nil {
		return d, nil
	}
	if a.Kind() != "campaign" {
		return nil, invalid("The campaignArn %s is not that of a campaign.", arn)
	}
	c, err := s.cfg.Campaign(ctx, a)
	if errors.Is(err, store.ErrNotFound) {
		return nil, bespoke.Errorf(bespoke.NotFound, "Resource Arn %s does not exist.", arn)
	}
	if err != nil {
		return nil, err
	}
	if c.Status != bespoke.Active {
		return nil, invalid("The campaign %s is %s. It answers once it is ACTIVE.", arn, c.Status)
	}
	return nil, bespoke.Errorf(bespoke.Unavailable, "The campaign %s cannot be served; the server's log has the cause. Update it to another solution version.", arn)
}

func invalid(format string, args ...any) error {
	return bespoke.Errorf(bespoke.InvalidInput, format, args...)
}
