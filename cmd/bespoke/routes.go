package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"bespoke/awsapi"
)

// byPath hands requests for paths that Amazon's API does not have to own, and all
// others to amazon, which looks at more than the path.
func byPath(own, amazon http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if path := r.URL.Path; path == "/metrics" || path == "/healthz" || strings.HasPrefix(path, "/bespoke/") {
			own.ServeHTTP(w, r)
		} else {
			amazon.ServeHTTP(w, r)
		}
	})
}

// bySignedService hands requests that are signed for IAM or STS to identity
// and all others to api.
func bySignedService(api, identity http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch awsapi.ClaimedService(r) {
		case "iam", "sts":
			identity.ServeHTTP(w, r)
		default:
			api.ServeHTTP(w, r)
		}
	})
}

// healthy answers 200 while the metadata can be read.
func healthy(ping func(context.Context) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
		defer cancel()
		if err := ping(ctx); err != nil {
			http.Error(w, "the metadata store does not answer", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	}
}
