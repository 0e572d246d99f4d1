package control

import (
	"errors"

	"bespoke"
	"bespoke/store"
)

// refusal turns what a store refuses into what a client reads. Errors that are
// already meant for clients, and those that are nobody's fault but the
// server's, pass through. It returns nil for nil.
//
// The texts of "Another resource" and "More than 5 resources" are Amazon's;
// the others are ours, since Amazon's are not known.
func refusal(err error) error {
	var (
		notFound    *store.NotFoundError
		exists      *store.ExistsError
		state       *store.StateError
		inUse       *store.InUseError
		limit       *store.LimitError
		notImported *store.NotImportedError
		importing   *store.ImportingError
		metric      *store.MetricExistsError
		noMetric    *store.NoMetricError
	)
	switch {
	case errors.As(err, &notFound):
		return bespoke.Errorf(bespoke.NotFound, "Resource Arn %s does not exist.", notFound.ARN)
	case errors.As(err, &exists):
		return bespoke.Errorf(bespoke.AlreadyExists, "Another resource with Arn %s already exists.", exists.ARN)
	case errors.As(err, &state):
		return bespoke.Errorf(bespoke.InUse, "Resource %s has the status %s. %s", state.ARN, state.Status, stateRemedy(state))
	case errors.As(err, &inUse):
		return bespoke.Errorf(bespoke.InUse, "Resource %s is in use by %s. Delete that first, or wait until it has finished.", inUse.ARN, inUse.By)
	case errors.As(err, &limit):
		return limitRefusal(limit)
	case errors.As(err, &metric):
		return bespoke.Errorf(bespoke.AlreadyExists, "The metric attribution %s has a metric named %s already. Remove it first, or choose another name.", metric.ARN, metric.Metric)
	case errors.As(err, &noMetric):
		return bespoke.Errorf(bespoke.NotFound, "The metric attribution %s has no metric named %s.", noMetric.ARN, noMetric.Metric)
	case errors.As(err, &notImported):
		return bespoke.Errorf(bespoke.InvalidInput,
			"The dataset %s has no bulk data yet. Import with importMode FULL first; INCREMENTAL adds to the rows of an earlier import job that became ACTIVE.", notImported.ARN)
	case errors.As(err, &importing):
		return bespoke.Errorf(bespoke.InUse, "The import job %s has not finished. Training reads whole imports only: wait until it is ACTIVE.", importing.Job)
	}
	return err
}

func stateRemedy(e *store.StateError) string {
	switch e.Status {
	case bespoke.DeletePending, bespoke.DeleteInProgress:
		return "It is being deleted."
	case bespoke.CreateFailed, bespoke.CreateStopping, bespoke.CreateStopped:
		if e.ARN.Kind() == "solution-version" { // which alone cannot be deleted
			return "Create another version of its solution."
		}
		return "Delete it and create it again."
	}
	return "Wait until it is ACTIVE."
}

func limitRefusal(e *store.LimitError) error {
	switch e.Quota {
	case store.TagQuota:
		return bespoke.Errorf(bespoke.TooManyTags, "A resource can have at most %d tags.", e.Limit)
	case store.MetricQuota: // an update, for which the model has no other exception
		return bespoke.Errorf(bespoke.InvalidInput, "A metric attribution can have at most %d metrics. Remove some first.", e.Limit)
	case store.ImportJobQuota, store.ExportJobQuota, store.TrainingQuota:
		return bespoke.Errorf(bespoke.LimitExceeded, "More than %d resources with PENDING or IN_PROGRESS status.", e.Limit)
	}
	if e.Quota == store.CampaignQuota {
		return bespoke.Errorf(bespoke.LimitExceeded, "Cannot create a campaign. More than %d resources in ACTIVE state. Please delete some and try again.", e.Limit)
	}
	return bespoke.Errorf(bespoke.LimitExceeded, "There are %d %s already, which is the limit. Delete some and try again.", e.Limit, e.Quota)
}
