package awsapi_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"bespoke/awsapi"
	"bespoke/awsapi/wire"
)

const recommend = `{"campaignArn":"arn:aws:personalize:us-east-1:000000000000:campaign/shop","userId":"1234567","numResults":25}`

// signedRequest returns a function that gives the same signed request anew.
func signedRequest(b *testing.B) func() *http.Request {
	r := request(http.MethodPost, "http://localhost:8080/recommendations", recommend)
	r.Header.Del("X-Amz-Target")
	sign(b, r, recommend, signing{})
	text := strings.NewReader(recommend)
	body := io.NopCloser(text)
	return func() *http.Request {
		text.Reset(recommend)
		r.Body = body
		return r
	}
}

func BenchmarkVerify(b *testing.B) {
	v := newVerifier(b, nil)
	next := signedRequest(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(next()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkServe answers GetRecommendations with 25 items, without a network:
// all that the wire costs around a handler.
func BenchmarkServe(b *testing.B) {
	items := make([]wire.PredictedItem, 25)
	for i := range items {
		items[i] = wire.PredictedItem{ItemId: "1234567", Score: new(0.0123456)}
	}
	s, err := awsapi.New(awsapi.Config{
		Verifier: newVerifier(b, nil),
		Logger:   slog.New(slog.DiscardHandler),
		Handlers: wire.Handlers{GetRecommendations: func(context.Context, *wire.GetRecommendationsRequest) (*wire.GetRecommendationsResponse, error) {
			return &wire.GetRecommendationsResponse{ItemList: items, RecommendationId: "RID-0"}, nil
		}},
	})
	if err != nil {
		b.Fatal(err)
	}
	next := signedRequest(b)
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		if s.ServeHTTP(w, next()); w.Code != http.StatusOK {
			b.Fatal(w.Body)
		}
	}
}
