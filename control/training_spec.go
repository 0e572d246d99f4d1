package control

import (
	"cmp"

	"bespoke"
	"bespoke/awsapi/catalog"
	"bespoke/awsapi/wire"
	"bespoke/history"
	"bespoke/recipe"
	"bespoke/train"
)

// spec is what a version's settings mean for its training.
func (s *Service) spec(v bespoke.SolutionVersion) (train.Spec, error) {
	config, err := parseConfig[wire.SolutionConfig](v.Config)
	if err != nil {
		return train.Spec{}, err
	}
	spec := train.Spec{
		Rules: eventRules(v.EventType, config), Seed: v.Seed, Workers: s.cfg.Workers,
		MinInteractions: s.cfg.Limits.TrainInteractions, MinUsers: s.cfg.Limits.TrainUsers,
	}
	if v.RecipeARN == "" {
		spec.Search, err = s.choice(config.AutoMLConfig)
		return spec, err
	}
	r, err := s.recipe(string(v.RecipeARN))
	if err != nil {
		return train.Spec{}, err
	}
	spec.Recipe = r.Name
	spec.Algorithm, spec.Features = spelled(r.Algorithm, config.AlgorithmHyperParameters), spelled(r.Features, config.FeatureTransformationParameters)
	if c := config.TrainingDataConfig; c != nil {
		spec.Excluded, spec.Included = byType(c.ExcludedDatasetColumns), byType(c.IncludedDatasetColumns)
	}
	if o := config.OptimizationObjective; o != nil && o.ObjectiveSensitivity != "OFF" {
		spec.Objective = &recipe.Objective{Column: o.ItemAttribute, Sensitivity: cmp.Or(recipe.Sensitivity(o.ObjectiveSensitivity), recipe.Medium)}
	}
	if v.PerformHPO {
		spec.Search = search(r, config.HpoConfig)
	}
	return spec, nil
}

// spelled returns what is given under the names and in the spelling of the
// parameters.
func spelled(all []catalog.Parameter, given map[string]string) map[string]string {
	out := map[string]string{}
	for name, v := range given {
		if p, ok := catalog.Named(all, name); ok {
			out[p.Name] = p.Spelled(v)
		}
	}
	return out
}

// eventRules says which interactions a solution is about.
func eventRules(eventType string, config *wire.SolutionConfig) []history.Rule {
	if c := config.EventsConfig; c != nil && len(c.EventParametersList) > 0 {
		var rules []history.Rule
		for _, p := range c.EventParametersList {
			r := history.Rule{EventType: p.EventType}
			if p.EventValueThreshold != nil {
				r.MinValue = new(float32(*p.EventValueThreshold))
			}
			// An entry without a weight counts fully.
			r.Weight = new(1.0)
			if p.Weight != nil {
				*r.Weight = *p.Weight
			}
			rules = append(rules, r)
		}
		return rules
	}
	r := history.Rule{EventType: eventType}
	if config.EventValueThreshold != "" {
		r.MinValue = new(float32(float(config.EventValueThreshold)))
	}
	if r == (history.Rule{}) {
		return nil
	}
	return []history.Rule{r}
}

func byType(sets map[string][]string) map[bespoke.DatasetType][]string {
	out := map[bespoke.DatasetType][]string{}
	for name, columns := range sets {
		if t, err := parseDatasetType(name); err == nil { // as it was when the solution was made
			out[t] = columns
		}
	}
	return out
}
