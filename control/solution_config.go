package control

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"bespoke"
	"bespoke/awsapi/catalog"
	"bespoke/awsapi/wire"
	"bespoke/schema"
)

// checkConfig refuses a solutionConfig that the recipe does not take, by the
// name of what is wrong. columns are the columns of the group's datasets.
func (s *Service) checkConfig(r catalog.Recipe, c *wire.SolutionConfig, eventType string, columns map[bespoke.DatasetType]*schema.Schema) error {
	if c == nil {
		return nil
	}
	if c.AutoMLConfig != nil {
		return invalid("solutionConfig.autoMLConfig needs performAutoML.")
	}
	if v := c.EventValueThreshold; v != "" {
		if _, err := strconv.ParseFloat(v, 64); err != nil {
			return invalid("solutionConfig.eventValueThreshold %q is not a number.", v)
		}
	}
	if err := s.checkParameters("algorithmHyperParameters", r, r.Algorithm, c.AlgorithmHyperParameters); err != nil {
		return err
	}
	if err := s.checkParameters("featureTransformationParameters", r, r.Features, c.FeatureTransformationParameters); err != nil {
		return err
	}
	if err := checkObjective(r, c, columns[bespoke.Items]); err != nil {
		return err
	}
	if err := checkTrainingData(c.TrainingDataConfig, columns); err != nil {
		return err
	}
	if err := checkSchedule(c.AutoTrainingConfig); err != nil {
		return err
	}
	if err := s.checkHPO(r, c.HpoConfig); err != nil {
		return err
	}
	return checkEvents(r, c.EventsConfig, eventType)
}

func invalid(format string, args ...any) error {
	return bespoke.Errorf(bespoke.InvalidInput, format, args...)
}

// unknownParameter begins with Amazon's own text.
func (s *Service) unknownParameter(member string, r catalog.Recipe, all []catalog.Parameter, name string) error {
	return invalid("Provide a hyperparameter that is used in the algorithm: %s. solutionConfig.%s has %q; %s takes: %s.",
		r.AlgorithmARN(s.cfg.Scope.Partition), member, cutText(name), r.Name, catalog.Names(all))
}

func (s *Service) checkParameters(member string, r catalog.Recipe, all []catalog.Parameter, given map[string]string) error {
	seen := map[string]bool{}
	for name, value := range given {
		p, ok := catalog.Named(all, name)
		if !ok {
			return s.unknownParameter(member, r, all, name)
		}
		if seen[p.Name] {
			return invalid("solutionConfig.%s has %s twice, under two of its names.", member, p.Name)
		}
		seen[p.Name] = true
		if p.RangesOnly {
			return invalid("solutionConfig.%s.%s cannot be set. Give a range for it in hpoConfig, with performHPO.", member, name)
		}
		if why := p.Accepts(value); why != "" {
			return invalid("solutionConfig.%s: %s", member, why)
		}
	}
	values := catalog.Values(all, given)
	for _, of := range []string{"user_history_length", "item_interaction_count"} {
		low, okLow := values["min_"+of+"_percentile"]
		high, okHigh := values["max_"+of+"_percentile"]
		if okLow && okHigh && float(low) >= float(high) {
			return invalid("solutionConfig.%s: min_%[2]s_percentile is %[3]s, which is not below max_%[2]s_percentile, %[4]s.", member, of, low, high)
		}
	}
	return nil
}

// float reads a number that has been checked.
func float(s string) float64 {
	v, _ := strconv.ParseFloat(s, 64)
	return v
}

// checkObjective refuses an objective that the recipe does not take or the items
// cannot have.
func checkObjective(r catalog.Recipe, c *wire.SolutionConfig, items *schema.Schema) error {
	o := c.OptimizationObjective
	if o == nil || o.ObjectiveSensitivity == "OFF" {
		return nil
	}
	const member = "solutionConfig.optimizationObjective"
	switch {
	case !r.Objective:
		return invalid(member+" cannot be used with %s; aws-user-personalization and aws-personalized-ranking take it.", r.Name)
	case o.ItemAttribute == "":
		return invalid(member + ".itemAttribute is missing. Name a column of numbers of the Items dataset.")
	case items == nil:
		return invalid(member + " needs an ACTIVE Items dataset. Create one first.")
	}
	column, ok := items.Column(o.ItemAttribute)
	switch {
	case !ok:
		return invalid(member+".itemAttribute: the Items dataset has no column %q.", cutText(o.ItemAttribute))
	case !column.Type.Number() || column.Nullable:
		return invalid(member+".itemAttribute must be a column of numbers that cannot be null; it is %s.", column)
	}
	if t := c.TrainingDataConfig; t != nil {
		included, listed := byType(t.IncludedDatasetColumns)[bespoke.Items]
		if slices.Contains(byType(t.ExcludedDatasetColumns)[bespoke.Items], column.Name) || listed && !slices.Contains(included, column.Name) {
			return invalid(member+".itemAttribute: trainingDataConfig leaves the column %s out of training.", column.Name)
		}
	}
	return nil
}

func checkTrainingData(c *wire.TrainingDataConfig, columns map[bespoke.DatasetType]*schema.Schema) error {
	if c == nil {
		return nil
	}
	for member, sets := range map[string]map[string][]string{"excludedDatasetColumns": c.ExcludedDatasetColumns, "includedDatasetColumns": c.IncludedDatasetColumns} {
		for name, list := range sets {
			t, err := parseDatasetType(name)
			if err != nil {
				return err
			}
			for _, column := range list {
				if member == "excludedDatasetColumns" && t == bespoke.Interactions && column == "EVENT_TYPE" {
					return invalid("solutionConfig.trainingDataConfig.%s.%s: EVENT_TYPE cannot be left out of training.", member, name)
				}
				if sc := columns[t]; sc != nil {
					if _, ok := sc.Column(column); !ok {
						return invalid("solutionConfig.trainingDataConfig.%s.%s: the dataset has no column %q.", member, name, cutText(column))
					}
				}
			}
		}
	}
	return nil
}

var schedule = regexp.MustCompile(`^rate\((\d+) days?\)$`)

// defaultSchedule is how often a solution trains by itself unless told
// otherwise.
const defaultSchedule = 7 * 24 * time.Hour

// parseSchedule reads rate(N days), N from 1 to 30.
func parseSchedule(expression string) (time.Duration, error) {
	m := schedule.FindStringSubmatch(expression)
	if m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil && n >= 1 && n <= 30 {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	}
	return 0, invalid("autoTrainingConfig.schedulingExpression %q is not rate(N days) with N from 1 to 30, such as rate(7 days).", expression)
}

func checkSchedule(c *wire.AutoTrainingConfig) error {
	if c == nil {
		return nil
	}
	_, err := parseSchedule(c.SchedulingExpression)
	return err
}

func checkEvents(r catalog.Recipe, c *wire.EventsConfig, eventType string) error {
	if c == nil || len(c.EventParametersList) == 0 {
		return nil
	}
	if !r.Events {
		return invalid("eventsConfig cannot be used with %s; aws-user-personalization-v2 and aws-personalized-ranking-v2 take it. Use eventType and eventValueThreshold.", r.Name)
	}
	if eventType != "" {
		return invalid("eventType and eventsConfig cannot be given both: list the type in eventsConfig.")
	}
	seen, counts := map[string]bool{}, false
	for _, p := range c.EventParametersList {
		if p.EventType == "" {
			return invalid("eventsConfig.eventParametersList has an entry without eventType.")
		}
		if seen[p.EventType] {
			return invalid("eventsConfig.eventParametersList has the eventType %q twice.", p.EventType)
		}
		seen[p.EventType] = true
		counts = counts || p.Weight == nil || *p.Weight > 0
	}
	if !counts {
		return invalid("eventsConfig.eventParametersList has weights of 0 only. Give at least one event type a weight above 0.")
	}
	return nil
}

// columns returns the schemas of a group's datasets.
func (s *Service) columns(ctx context.Context, group bespoke.ARN) (map[bespoke.DatasetType]*schema.Schema, error) {
	out := map[bespoke.DatasetType]*schema.Schema{}
	for _, t := range datasetTypes {
		d, ok, err := s.datasetOf(ctx, group, t)
		if err != nil {
			return nil, err
		}
		if ok {
			if out[t], err = s.parsedSchema(ctx, d.SchemaARN); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// configText is a config as it is stored.
func configText[T any](c *T) (string, error) {
	if c == nil {
		return "{}", nil
	}
	text, err := json.Marshal(c)
	return string(text), err
}

// parseConfig is the inverse.
func parseConfig[T any](text string) (*T, error) {
	c := new(T)
	return c, json.Unmarshal([]byte(text), c)
}

// cutText shortens what a client sent to what a message can hold.
func cutText(s string) string {
	const most = 64
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}
