package wire_test

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"

	"bespoke/awsapi/wire"
)

// Answers that write themselves are the bytes that encoding/json makes.
func TestMarshalAnswers(t *testing.T) {
	t.Parallel()
	var items []wire.PredictedItem
	for _, id := range []string{"", "film-1", `a "quoted" one`, `back\slash`, "tab\t", "<b>&", "Zürich", "\u2028", "\xff", "\x7f", "~ "} {
		items = append(items, wire.PredictedItem{ItemId: id, Reason: []string{id, "Popular item"}, PromotionName: id})
	}
	for _, f := range []float64{0, math.Copysign(0, -1), 0.0123456, 1, 1e-6, 9.9e-7, 1e-7, 3.2e-12, 1e20, 1e21, -2.5, math.MaxFloat64} {
		items = append(items, wire.PredictedItem{ItemId: "x", Score: &f})
	}
	items = append(items, wire.PredictedItem{Reason: []string{}, Metadata: map[string]string{}},
		wire.PredictedItem{ItemId: "x", Metadata: map[string]string{"GENRE": "A|B", "<": "\""}})
	outputs := []any{
		&wire.GetRecommendationsResponse{},
		&wire.GetRecommendationsResponse{ItemList: []wire.PredictedItem{}},
		&wire.GetRecommendationsResponse{ItemList: items, RecommendationId: "RID-1"},
		&wire.GetPersonalizedRankingResponse{PersonalizedRanking: items[:2], RecommendationId: "RID-1"},
		&wire.GetPersonalizedRankingResponse{RecommendationId: "RID-1"},
	}
	for i := range items {
		outputs = append(outputs, &wire.GetRecommendationsResponse{ItemList: items[i : i+1]})
	}
	for _, out := range outputs {
		var got, want bytes.Buffer
		got.WriteString("before")
		if err := wire.Marshal(&got, out); err != nil {
			t.Fatal(err)
		}
		e := json.NewEncoder(&want)
		e.SetEscapeHTML(false)
		if err := e.Encode(out); err != nil {
			t.Fatal(err)
		}
		if got.String()+"\n" != "before"+want.String() {
			t.Errorf("got %s, want %s", got.String(), want.String())
		}
	}
	for _, f := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		var b bytes.Buffer
		if err := wire.Marshal(&b, &wire.GetRecommendationsResponse{ItemList: []wire.PredictedItem{{Score: &f}}}); err == nil || b.Len() > 0 {
			t.Errorf("%v is written as %s, %v", f, b.String(), err)
		}
	}
}

func BenchmarkMarshal(b *testing.B) {
	out := &wire.GetRecommendationsResponse{RecommendationId: "RID-0b1c0d1e-4b7f-4f0f-8c5e-3a1f5f0d3b9a"}
	for i := range 25 {
		score := math.Round(1e6/float64(i+3)) / 1e7
		out.ItemList = append(out.ItemList, wire.PredictedItem{ItemId: "item-123456", Score: &score})
	}
	var buf bytes.Buffer
	b.ReportAllocs()
	for b.Loop() {
		buf.Reset()
		if err := wire.Marshal(&buf, out); err != nil {
			b.Fatal(err)
		}
	}
}
