package storetest

import (
	"testing"

	"bespoke"
	"bespoke/store"
)

func campaign(name string, version bespoke.ARN) bespoke.Campaign {
	return bespoke.Campaign{
		Name: name, ARN: scope.Campaign(name), SolutionARN: version.Solution(), VersionARN: version, MinTPS: 1, Config: "{}",
	}
}

// deploy makes a pending campaign ACTIVE.
func (f *fixture) deploy(arn bespoke.ARN) {
	f.Helper()
	f.ok(f.Move(f.Context(), arn, bespoke.CreatePending, bespoke.CreateInProgress, ""))
	f.ok(f.FinishCampaign(f.Context(), arn, ""))
}

func createCampaign(t *testing.T, f *fixture) {
	ctx := t.Context()
	arn := f.solution("s", f.group("shop"))
	training := f.training(arn, "1")
	fails(f, f.CreateCampaign(ctx, campaign("c", training), nil, 0), &store.StateError{ARN: training, Status: bespoke.CreateInProgress})
	none := arn + "/none"
	fails(f, f.CreateCampaign(ctx, campaign("c", none), nil, 0), &store.NotFoundError{ARN: none})
	f.ok(f.FinishSolutionVersion(ctx, training, sims, ""))
	want := campaign("c", training)
	want.MinTPS, want.Config = 3, `{"enableMetadataWithRecommendations":true}`
	now := f.clock.tick()
	f.queued(1, func() { f.ok(f.CreateCampaign(ctx, want, []bespoke.Tag{{Key: "k"}}, 1)) })
	want.Status, want.Created, want.Updated = bespoke.CreatePending, now, now
	got, err := f.Campaign(ctx, want.ARN)
	f.ok(err)
	f.equal(got, want)
	listed, _, err := f.Campaigns(ctx, arn, store.Page{Limit: 5})
	f.ok(err)
	f.equal(listed, []bespoke.Campaign{want})
	fails(f, f.CreateCampaign(ctx, want, nil, 0), &store.ExistsError{ARN: want.ARN})
	fails(f, f.CreateCampaign(ctx, campaign("d", training), nil, 1), &store.LimitError{Quota: store.CampaignQuota, Limit: 1})
	fails(f, f.UpdateCampaign(ctx, want.ARN, bespoke.CampaignUpdate{VersionARN: training}), &store.StateError{ARN: want.ARN, Status: bespoke.CreatePending})
	f.ok(f.FinishCampaign(ctx, want.ARN, "no model"))
	got, err = f.Campaign(ctx, want.ARN)
	f.ok(err)
	f.equal([]any{got.Status, got.FailureReason}, []any{bespoke.CreateFailed, "no model"})
}

func updateCampaign(t *testing.T, f *fixture) {
	ctx := t.Context()
	arn := f.solution("s", f.group("shop"))
	first, second := f.version(arn, "1"), f.version(arn, "2")
	c := campaign("c", first)
	f.ok(f.CreateCampaign(ctx, c, nil, 0))
	f.ok(f.Move(ctx, c.ARN, bespoke.CreatePending, bespoke.CreateInProgress, ""))
	f.ok(f.FinishCampaign(ctx, c.ARN, "broken"))
	u := bespoke.CampaignUpdate{VersionARN: second, MinTPS: 2, Config: `{"a":1}`}
	now := f.clock.tick()
	f.queued(1, func() { f.ok(f.UpdateCampaign(ctx, c.ARN, u)) })
	u.Status, u.Created, u.Updated = bespoke.CreatePending, now, now
	got, err := f.Campaign(ctx, c.ARN)
	f.ok(err)
	f.equal(*got.Update, u)
	f.equal([]any{got.VersionARN, got.Status}, []any{first, bespoke.CreateFailed})
	fails(f, f.UpdateCampaign(ctx, c.ARN, u), &store.StateError{ARN: c.ARN, Status: bespoke.CreatePending})
	fails(f, f.DeleteCampaign(ctx, c.ARN), &store.StateError{ARN: c.ARN, Status: bespoke.CreatePending})
	f.ok(f.BeginUpdate(ctx, c.ARN))
	f.ok(f.FinishUpdate(ctx, c.ARN, ""))
	got, err = f.Campaign(ctx, c.ARN)
	f.ok(err)
	f.equal([]any{got.VersionARN, got.Status, got.FailureReason, got.MinTPS, got.Config}, []any{second, bespoke.Active, "", 2, `{"a":1}`})

	f.ok(f.UpdateCampaign(ctx, c.ARN, bespoke.CampaignUpdate{VersionARN: first, MinTPS: 9, Config: "{}"}))
	f.ok(f.FinishUpdate(ctx, c.ARN, "no model"))
	got, err = f.Campaign(ctx, c.ARN)
	f.ok(err)
	f.equal([]any{got.VersionARN, got.MinTPS, got.Update.Status, got.Update.FailureReason}, []any{second, 2, bespoke.CreateFailed, "no model"})

	// A campaign belongs to the group of its version.
	other := f.version(f.solution("t", f.group("elsewhere")), "3")
	f.ok(f.UpdateCampaign(ctx, c.ARN, bespoke.CampaignUpdate{VersionARN: other, MinTPS: 1, Config: "{}"}))
	f.ok(f.FinishUpdate(ctx, c.ARN, ""))
	fails(f, f.CreateCampaign(ctx, campaign("d", other), nil, 1), &store.LimitError{Quota: store.CampaignQuota, Limit: 1})
	f.ok(f.CreateCampaign(ctx, campaign("e", first), nil, 1))
}

func syncCampaign(t *testing.T, f *fixture) {
	ctx := t.Context()
	arn := f.solution("s", f.group("shop"))
	v1 := f.version(arn, "1")
	following, fixed := campaign("following", v1), campaign("fixed", v1)
	following.Sync = true
	f.ok(f.CreateCampaign(ctx, following, nil, 0))
	f.ok(f.CreateCampaign(ctx, fixed, nil, 0))
	f.deploy(fixed.ARN)
	v2 := f.version(arn, "2") // while the campaign is being made
	f.queued(1, func() { f.deploy(following.ARN) })
	updated := func(want bespoke.ARN) {
		t.Helper()
		c, err := f.Campaign(ctx, following.ARN)
		f.ok(err)
		f.equal([]any{c.Update.VersionARN, c.Update.Status, c.Update.Sync}, []any{want, bespoke.CreatePending, true})
	}
	updated(v2)
	v3 := f.training(arn, "3")
	f.queued(0, func() { f.ok(f.FinishSolutionVersion(ctx, v3, sims, "")) }) // while it is being updated
	f.queued(1, func() { f.ok(f.FinishUpdate(ctx, following.ARN, "")) })
	updated(v3)
	f.ok(f.FinishUpdate(ctx, following.ARN, ""))
	v4 := f.training(arn, "4")
	f.queued(1, func() { f.ok(f.FinishSolutionVersion(ctx, v4, sims, "")) })
	updated(v4)
	c, err := f.Campaign(ctx, fixed.ARN)
	f.ok(err)
	f.equal([]any{c.VersionARN, c.Update == nil}, []any{v1, true})
	dataset := dataset(scope.DatasetGroup("shop"), f.schema("x"), bespoke.Items)
	f.ok(f.CreateDataset(ctx, dataset, nil))
	f.activate(dataset.ARN)
	fails(f, f.DeleteDataset(ctx, dataset.ARN), &store.InUseError{ARN: dataset.ARN, By: following.ARN})
}
