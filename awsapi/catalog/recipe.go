package catalog

import (
	"cmp"
	"slices"
	"time"

	"bespoke"
)

// Type is what a recipe's models are asked for.
type Type string

// The types. They decide which operation a campaign answers.
const (
	UserPersonalization Type = "USER_PERSONALIZATION"
	PopularItems        Type = "POPULAR_ITEMS"
	RelatedItems        Type = "RELATED_ITEMS"
	PersonalizedRanking Type = "PERSONALIZED_RANKING"
	PersonalizedActions Type = "PERSONALIZED_ACTIONS"
	UserSegmentation    Type = "USER_SEGMENTATION"
)

// Metadata says whether items' columns come with recommendations.
type Metadata int

// What recipes do about metadata: nothing, on request of the campaign, always.
const (
	NoMetadata Metadata = iota
	MetadataOptIn
	MetadataAlways
)

// Recipe is one recipe. Its algorithm and feature transformation are parts of
// it: their parameters are Algorithm and Features.
type Recipe struct {
	Name          string
	Type          Type
	Domain        bespoke.Domain // "" unless it is a use case of a domain
	Description   string
	AlgorithmName string // of the algorithm's ARN
	FeaturesName  string // of the feature transformation's ARN
	Algorithm     []Parameter
	Features      []Parameter
	Created       time.Time

	Exploration bool // campaigns take itemExplorationConfig
	Metadata    Metadata
	Scored      bool // recommendations carry scores
	RealTime    bool // live events of a user change the next answer
	Context     bool // requests' context is used
	Objective   bool // solutionConfig.optimizationObjective is taken
	Events      bool // solutionConfig.eventsConfig is taken
	Update      bool // trainingMode UPDATE is taken
	// Missing says why this server cannot train the recipe, "" if it can.
	Missing string
}

// ARN returns the recipe's ARN. It has neither region nor account.
func (r Recipe) ARN(partition string) bespoke.ARN { return arn(partition, "recipe", r.Name) }

// AlgorithmARN returns the ARN of the recipe's algorithm.
func (r Recipe) AlgorithmARN(partition string) bespoke.ARN {
	return arn(partition, "algorithm", r.AlgorithmName)
}

// FeaturesARN returns the ARN of the recipe's feature transformation.
func (r Recipe) FeaturesARN(partition string) bespoke.ARN {
	return arn(partition, "feature-transformation", r.FeaturesName)
}

func arn(partition, kind, name string) bespoke.ARN {
	return bespoke.ARN("arn:" + partition + ":personalize:::" + kind + "/" + name)
}

// All returns the recipes in the order of their names.
func All() []Recipe {
	all := slices.Concat(personalization(), related(), others(), useCases())
	slices.SortFunc(all, func(a, b Recipe) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// Find returns the recipe with this name.
func Find(name string) (Recipe, bool) {
	return find(func(r Recipe) bool { return r.Name == name })
}

// FindAlgorithm returns the first recipe with this algorithm.
func FindAlgorithm(name string) (Recipe, bool) {
	return find(func(r Recipe) bool { return r.AlgorithmName == name })
}

// FindFeatures returns the first recipe with this feature transformation, of
// those that set its parameters if there are any.
func FindFeatures(name string) (Recipe, bool) {
	if r, ok := find(func(r Recipe) bool { return r.FeaturesName == name && r.Features != nil }); ok {
		return r, true
	}
	return find(func(r Recipe) bool { return r.FeaturesName == name })
}

func find(is func(Recipe) bool) (Recipe, bool) {
	all := All()
	i := slices.IndexFunc(all, is)
	if i < 0 {
		return Recipe{}, false
	}
	return all[i], true
}
