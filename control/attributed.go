package control

import (
	"context"
	"time"

	"bespoke"
	"bespoke/store"
)

// maxAttributed is how many sums one answer has.
const maxAttributed = 10_000

// AttributedMetrics are sums of metrics by source and quarter of an hour.
type AttributedMetrics struct {
	GroupARN bespoke.ARN        `json:"datasetGroupArn"`
	Metrics  []store.Attributed `json:"metrics"` // newest first
	// Truncated says that there are more: ask again with an earlier end.
	Truncated bool `json:"truncated"`
}

// AttributedMetrics returns the sums of a group whose quarter of an hour begins
// from a time on and before another; zero is no bound.
func (s *Service) AttributedMetrics(ctx context.Context, group bespoke.ARN, from, to time.Time) (AttributedMetrics, error) {
	out := AttributedMetrics{GroupARN: group}
	if _, err := s.cfg.Store.DatasetGroup(ctx, group); err != nil {
		return out, refusal(err)
	}
	end := int64(1) << 62
	if !to.IsZero() {
		end = to.Unix()
	}
	all, err := s.cfg.Store.Attributed(ctx, group, max(from.Unix(), -1<<62), end, maxAttributed+1)
	if err != nil {
		return out, err
	}
	out.Truncated = len(all) > maxAttributed
	out.Metrics = append([]store.Attributed{}, all[:min(len(all), maxAttributed)]...)
	return out, nil
}

// AttributedTotals returns the sums of all groups, by their names, over all that
// is kept.
func (s *Service) AttributedTotals(ctx context.Context) (map[string][]store.Attributed, error) {
	out := map[string][]store.Attributed{}
	groups := func(ctx context.Context, _ bespoke.ARN, p store.Page) ([]bespoke.DatasetGroup, store.Position, error) {
		return s.cfg.Store.DatasetGroups(ctx, p)
	}
	for g, err := range every(ctx, "", groups) {
		if err != nil {
			return nil, err
		}
		sums, err := s.cfg.Store.AttributedTotals(ctx, g.ARN)
		if err != nil {
			return nil, err
		}
		if len(sums) > 0 {
			out[g.Name] = sums
		}
	}
	return out, nil
}
