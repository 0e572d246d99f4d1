package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"bespoke/awsapi/wire"
	"bespoke/control"
)

// TestAttribution counts events by the campaign whose recommendation led to them, also
// after a restart.
func TestAttribution(t *testing.T) {
	t.Parallel()
	p := started(t, t.TempDir())
	var plays strings.Builder
	plays.WriteString("USER_ID,ITEM_ID,EVENT_TYPE,TIMESTAMP\n")
	for u := range 30 {
		for i := range u + 1 {
			fmt.Fprintf(&plays, "u%d,i%d,watch,%d\n", u, i, 1_700_000_000+u*1000+i)
		}
	}
	if code, _, errs := p.imports("--dataset-group", "shop", file(t, "plays.csv", plays.String())); code != 0 {
		t.Fatal(errs)
	}
	var (
		c    = p.client()
		ctx  = t.Context()
		must = func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		post = func(path string, in, out any) {
			t.Helper()
			body, err := json.Marshal(in)
			must(err)
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.server.API+path, bytes.NewReader(body))
			must(err)
			req.Header.Set("Content-Type", "application/json")
			must(c.do(req, "personalize", body, out))
		}
		create = func(kind string, in any) string {
			t.Helper()
			arn, err := (&story{client: c}).make(ctx, kind, in)
			must(err)
			return arn
		}
	)
	group := "arn:aws:personalize:us-east-1:000000000000:dataset-group/shop"
	solution := create("Solution", wire.CreateSolutionRequest{Name: "shop", DatasetGroupArn: group, RecipeArn: "arn:aws:personalize:::recipe/aws-popularity-count"})
	campaigns := make([]string, 2)
	version := create("SolutionVersion", wire.CreateSolutionVersionRequest{SolutionArn: solution})
	for i := range campaigns {
		campaigns[i] = create("Campaign", wire.CreateCampaignRequest{Name: fmt.Sprint("shop-", i), SolutionVersionArn: version})
	}
	must(c.iam(ctx, "CreateRole", map[string]string{"RoleName": "metrics", "AssumeRolePolicyDocument": `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"personalize.amazonaws.com"},"Action":"sts:AssumeRole"}}`}))
	create("MetricAttribution", wire.CreateMetricAttributionRequest{
		Name: "shop", DatasetGroupArn: group, Metrics: []wire.MetricAttribute{{MetricName: "watches", EventType: "watch", Expression: "SAMPLECOUNT()"}},
		MetricsOutputConfig: &wire.MetricAttributionOutput{RoleArn: "arn:aws:iam::000000000000:role/metrics"},
	})
	tracker := create("EventTracker", wire.CreateEventTrackerRequest{Name: "shop", DatasetGroupArn: group})
	var described wire.DescribeEventTrackerResponse
	must(c.call(ctx, "DescribeEventTracker", map[string]string{"eventTrackerArn": tracker}, &described))
	recommended := func(campaign string) string {
		t.Helper()
		var out wire.GetRecommendationsResponse
		post("/recommendations", map[string]string{"campaignArn": campaign, "userId": "u3"}, &out)
		return out.RecommendationId
	}
	watched := func(recommendation, source string) {
		t.Helper()
		e := map[string]any{"eventType": "watch", "itemId": "i1", "sentAt": time.Now().Unix(), "recommendationId": recommendation}
		if source != "" {
			e["metricAttribution"] = map[string]string{"eventAttributionSource": source}
		}
		post("/events", map[string]any{"trackingId": described.EventTracker.TrackingId, "userId": "u3", "sessionId": "s", "eventList": []any{e}}, nil)
	}
	counted := func(want map[string]float64) {
		t.Helper()
		var content any // asking what the dataset holds brings in what waits
		must(c.get(ctx, "/bespoke/v1/datasets/shop/INTERACTIONS", &content))
		var all control.AttributedMetrics
		must(c.get(ctx, "/bespoke/v1/attributed-metrics/shop", &all))
		got := map[string]float64{}
		for _, m := range all.Metrics {
			got[m.Source] += m.Value
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("counted %v, want %v", got, want)
		}
	}
	first, second := recommended(campaigns[0]), recommended(campaigns[1])
	watched(first, "")
	watched(first, "")
	watched(second, "")
	watched(second, "mail")
	watched("RID-00000000-0000-0000-0000-000000000000", "")
	want := map[string]float64{campaigns[0]: 2, campaigns[1]: 1, "mail": 1, "SOURCE_NAME_UNDEFINED": 1}
	counted(want)
	for _, text := range []string{campaigns[0], campaigns[1], "mail", "SOURCE_NAME_UNDEFINED"} {
		if m := p.get("/metrics"); !strings.Contains(m, `source="`+text+`"`) {
			t.Errorf("/metrics has no source %s", text)
		}
	}

	contains(t, p.get("/metrics"),
		`bespoke_trainings_started_total{recipe="aws-popularity-count"} 1`,
		`bespoke_training_duration_seconds_count{recipe="aws-popularity-count",status="ACTIVE"} 1`,
		`bespoke_training_phase_seconds_total{phase="FITTING",recipe="aws-popularity-count"} `,
		`bespoke_request_duration_seconds_count{operation="GetRecommendations"} `)

	p.stop()
	p = started(t, p.data)
	c = p.client()
	watched(first, "")
	want[campaigns[0]]++
	counted(want)
}
