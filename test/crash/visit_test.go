package crash_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// visit asks for versions and campaigns from the moment when the server listens, which
// closes up, until ctx ends.
func (p *shop) visit(ctx context.Context, s *server, up chan<- struct{}) {
	if err := s.ready(ctx); err != nil {
		p.unexpected(s, err)
		return
	}
	close(up)
	for ctx.Err() == nil {
		if err := p.check(ctx, s); err != nil {
			p.unexpected(s, err)
			return
		}
		wait(5 * time.Millisecond)
	}
}

// check looks at every version and campaign once. No two goroutines may do so at a time:
// what they see would be in no order.
func (p *shop) check(ctx context.Context, s *server) error {
	for _, v := range p.versions {
		d, err := s.describe(ctx, "SolutionVersion", v.arn)
		if err != nil {
			return err
		}
		p.saw(v.arn, d.Status)
	}
	for _, c := range p.campaigns {
		if err := p.answers(ctx, s, c); err != nil {
			return err
		}
	}
	return nil
}

// deployed is what a campaign says of itself.
type deployed struct {
	Status, FailureReason, SolutionVersionArn string
	LatestCampaignUpdate                      struct{ Status, FailureReason, SolutionVersionArn string }
}

// from are the versions that it may answer from.
func (d deployed) from() []string {
	if u := d.LatestCampaignUpdate; u.Status == "CREATE PENDING" || u.Status == "CREATE IN_PROGRESS" {
		return []string{d.SolutionVersionArn, u.SolutionVersionArn}
	}
	return []string{d.SolutionVersionArn}
}

func (c *campaign) describe(ctx context.Context, s *server) (deployed, error) {
	var out struct{ Campaign deployed }
	err := s.call(ctx, "DescribeCampaign", fields{"campaignArn": c.arn}, &out)
	return out.Campaign, err
}

// answers expects a campaign that is ACTIVE to answer, each time from one model that it
// may answer from. What it explores are items that model does not rank so high.
func (p *shop) answers(ctx context.Context, s *server, c *campaign) error {
	before, err := c.describe(ctx, s)
	if err != nil {
		return err
	}
	if p.saw(c.arn, before.Status); before.Status != "ACTIVE" {
		return nil
	}
	got := map[string][]recommended{}
	for _, u := range users {
		if got[u], err = c.answer(ctx, s, u); err != nil {
			return err
		}
	}
	after, err := c.describe(ctx, s)
	if err != nil {
		return err
	}
	from := append(before.from(), after.from()...) // an update may have ended, and one that follows have begun
	for u, list := range got {
		if len(list) != answers || !slices.ContainsFunc(from, func(v string) bool { return c.of(list, p.lists[v][u]) }) {
			p.t.Errorf("%s answers %s with %v, which is of no model in %v", c.arn, u, list, from)
		}
	}
	return nil
}

// of reports whether an answer is of the model that answers with list where it explores
// nothing: explored items move others down.
func (c *campaign) of(answer []recommended, list []string) bool {
	var rest []string
	for _, it := range answer {
		if !it.explored() {
			rest = append(rest, it.ItemID)
		}
	}
	return (c.explores || len(rest) == len(answer)) && len(rest) <= len(list) && slices.Equal(rest, list[:len(rest)])
}

// update begins to deploy a version in a campaign.
func (p *shop) update(ctx context.Context, s *server, c *campaign, version string) error {
	return s.call(ctx, "UpdateCampaign", fields{"campaignArn": c.arn, "solutionVersionArn": version}, nil)
}

// awaitUpdate waits until a campaign is ACTIVE and not under update.
func (p *shop) awaitUpdate(ctx context.Context, s *server, c *campaign) error {
	for late := time.Now().Add(settleWithin); ; wait(5 * time.Millisecond) {
		d, err := c.describe(ctx, s)
		switch {
		case err != nil:
			return err
		case d.Status == "CREATE FAILED" || d.LatestCampaignUpdate.Status == "CREATE FAILED" || time.Now().After(late):
			return fmt.Errorf("%s is %+v", c.arn, d)
		case d.Status == "ACTIVE" && len(d.from()) == 1:
			return nil
		}
	}
}

// phases are those of trainings, in their order.
var phases = []string{"WAITING", "READING", "TUNING", "EVALUATING", "FITTING", "PUBLISHING", "DONE"}

// awaitPhase waits until a training has got to a phase.
func (p *shop) awaitPhase(s *server, v *version, phase string) {
	p.t.Helper()
	for late := time.Now().Add(settleWithin); ; wait(time.Millisecond) {
		now, err := p.training(p.t.Context(), s, v)
		p.must(err)
		if slices.Index(phases, now.Phase) >= slices.Index(phases, phase) {
			return
		}
		if time.Now().After(late) {
			p.t.Fatalf("%s is %+v after %s, want %s", v.arn, now, settleWithin, phase)
		}
	}
}

// awaitExplored asks as one stranger after another until everything new was explored, in
// the campaign that does.
func (p *shop) awaitExplored(s *server) {
	p.t.Helper()
	missing := slices.Clone(p.new)
	late := time.Now().Add(settleWithin)
	for n := 0; len(missing) > 0; n++ {
		list, err := p.campaigns[1].answer(p.t.Context(), s, fmt.Sprint("stranger-", n))
		p.must(err)
		for _, it := range list {
			missing = slices.DeleteFunc(missing, func(id string) bool { return id == it.ItemID })
			if !strings.HasPrefix(it.ItemID, "i") && !slices.Contains(p.new, it.ItemID) {
				p.t.Errorf("%s is recommended, which is no item", it.ItemID)
			}
		}
		if time.Now().After(late) {
			p.t.Fatalf("%q are not explored after %s", missing, settleWithin)
		}
	}
}
