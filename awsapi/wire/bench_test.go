package wire_test

import (
	"context"
	"testing"

	"bespoke/awsapi/wire"
)

func BenchmarkDecode(b *testing.B) {
	h := wire.Handlers{
		GetRecommendations: func(context.Context, *wire.GetRecommendationsRequest) (*wire.GetRecommendationsResponse, error) {
			return nil, nil
		},
		PutEvents: func(context.Context, *wire.PutEventsRequest) error { return nil },
	}.Bind()
	f := func(op, body string) {
		b.Run(op, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				if _, err := h[op](b.Context(), []byte(body)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	f("GetRecommendations", `{"campaignArn":"arn:aws:personalize:us-east-1:000000000000:campaign/shop","userId":"1234567","numResults":25,"filterArn":"arn:aws:personalize:us-east-1:000000000000:filter/unseen","filterValues":{"GENRE":"\"Comedy\""}}`)
	f("PutEvents", `{"trackingId":"0b1c0d1e-4b7f-4f0f-8c5e-3a1f5f0d3b9a","userId":"1234567","sessionId":"s-1","eventList":[{"eventType":"watch","itemId":"4711","sentAt":1704067200,"properties":"{\"discount\":\"10\"}"}]}`)
}
