package serve

import (
	"math"
	"strconv"

	"bespoke/awsapi/wire"
	"bespoke/history"
	"bespoke/recipe"
)

// The reasons that aws-user-personalization-v2 gives for items that the model
// would not normally recommend: ones that are explored, and popular ones that
// fill an answer up, which have no score.
var exploration, filler = []string{"Exploration"}, []string{"Popular item"}

func reason(r recipe.Scored) []string {
	switch {
	case r.Why == recipe.Explored:
		return exploration
	case math.IsNaN(r.Score):
		return filler
	}
	return nil
}

// scored reports whether an item's score is shown. Recipes whose answers have
// scores rank by ones that sum to 1.
func (d *Deployment) scored(r recipe.Scored) bool {
	return d.Recipe.Scored && !math.IsNaN(r.Score)
}

// reasoned reports whether the recipe's answers say which items are not what the
// model recommends.
func (d *Deployment) reasoned() bool { return d.Recipe.Name == "aws-user-personalization-v2" }

// items is an answer as the API has it.
func (d *Deployment) items(ranked []recipe.Scored, columns []history.Column) []wire.PredictedItem {
	out := make([]wire.PredictedItem, len(ranked))
	scores := make([]float64, len(ranked))
	ids := d.Artifact.Model.Items()
	for i, r := range ranked { // nothing else, so that memory is asked for many at once
		if n := int(r.Item) - ids.Len(); n < 0 {
			out[i].ItemId = ids.ID(r.Item)
		} else {
			out[i].ItemId = d.Artifact.New[n].ID
		}
	}
	reasoned := d.reasoned()
	for i, r := range ranked {
		if d.scored(r) {
			scores[i] = math.Round(r.Score*scoreDigits) / scoreDigits
			out[i].Score = &scores[i]
		}
		if reasoned {
			out[i].Reason = reason(r)
		}
		if columns != nil {
			out[i].Metadata = d.metadata(out[i].ItemId, columns)
		}
	}
	return out
}

// columns returns the columns that a request asks for, nil for none.
func (d *Deployment) columns(asked map[string][]string) ([]history.Column, error) {
	if len(asked) == 0 {
		return nil, nil
	}
	names, ok := asked[metadataDatasetName]
	switch {
	case !ok || len(asked) > 1:
		return nil, invalid("metadataColumns takes columns of the Items dataset, under the key %s.", metadataDatasetName)
	case !d.Metadata:
		return nil, invalid("metadataColumns: the campaign %s was not made with enableMetadataWithRecommendations. Update it, or leave metadataColumns out.", d.Campaign)
	case len(names) > maxMetadataColumns:
		return nil, invalid("metadataColumns names %d columns; at most %d.", len(names), maxMetadataColumns)
	}
	if len(names) == 0 {
		return nil, nil
	}
	out := make([]history.Column, 0, len(names))
	for _, name := range names {
		c, ok := d.Artifact.Items.Column(name)
		if !ok {
			return nil, invalid("metadataColumns: the Items dataset has no column %.100q.", name)
		}
		out = append(out, c)
	}
	return out, nil
}

// metadata is what an item has in the columns; what it lacks is left out.
func (d *Deployment) metadata(item string, columns []history.Column) map[string]string {
	out := map[string]string{}
	row, ok := d.Artifact.Items.IDs.Lookup(item)
	if !ok {
		return out
	}
	for _, c := range columns {
		switch {
		case c.Number != nil && !math.IsNaN(c.Number[row]):
			out[c.Name] = strconv.FormatFloat(c.Number[row], 'f', -1, 64)
		case c.Text != nil && c.Text[row] != "":
			out[c.Name] = c.Text[row]
		}
	}
	return out
}
