// Package extension serves what Amazon's API cannot say, as plain JSON under
// /bespoke/v1/: how far an import job is, which rows it refused and why, and
// what a dataset holds. Requests are signed like those of the API, under the
// service name personalize, and answered with the same errors. openapi.json
// describes every path and is served without a signature.
package extension

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"bespoke"
	"bespoke/awsapi"
	"bespoke/control"
	"bespoke/serve"
)

//go:embed openapi.json
var openAPI []byte

// New returns the handler of /bespoke/v1/. It is safe for concurrent use.
func New(api *awsapi.Server, service *control.Service, runtime *serve.Server, scope bespoke.Scope) http.Handler {
	mux := http.NewServeMux()
	answer := func(name, path string, f func(ctx context.Context, r *http.Request) (any, error)) {
		mux.Handle(path, api.Handle(name, func(ctx context.Context, r *http.Request, _ []byte) (any, error) {
			return f(ctx, r)
		}))
	}
	answer("DescribeImportProgress", "GET /bespoke/v1/dataset-import-jobs/{name}", func(ctx context.Context, r *http.Request) (any, error) {
		return service.ImportProgress(ctx, scope.ImportJob(r.PathValue("name")))
	})
	answer("GetImportReport", "GET /bespoke/v1/dataset-import-jobs/{name}/report", func(ctx context.Context, r *http.Request) (any, error) {
		return service.ImportReport(ctx, scope.ImportJob(r.PathValue("name")))
	})
	answer("GetRejectedRows", "GET /bespoke/v1/dataset-import-jobs/{name}/rejected-rows", func(ctx context.Context, r *http.Request) (any, error) {
		f, err := service.RejectedRows(ctx, scope.ImportJob(r.PathValue("name")))
		if err != nil {
			return nil, err
		}
		info, err := f.Stat()
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		return &awsapi.File{Name: info.Name(), Type: "application/gzip", Size: info.Size(), Content: f}, nil
	})
	answer("CancelImport", "POST /bespoke/v1/dataset-import-jobs/{name}/cancel", func(ctx context.Context, r *http.Request) (any, error) {
		return service.CancelImport(ctx, scope.ImportJob(r.PathValue("name")))
	})
	answer("DescribeExportResult", "GET /bespoke/v1/dataset-export-jobs/{name}", func(ctx context.Context, r *http.Request) (any, error) {
		return service.ExportResult(ctx, scope.ExportJob(r.PathValue("name")))
	})
	answer("DescribeDatasetContent", "GET /bespoke/v1/datasets/{group}/{type}", func(ctx context.Context, r *http.Request) (any, error) {
		t := bespoke.DatasetType(strings.ToUpper(r.PathValue("type")))
		return service.DatasetContent(ctx, scope.Dataset(r.PathValue("group"), t))
	})
	answer("DescribeTraining", "GET /bespoke/v1/solutions/{solution}/versions/{version}", func(ctx context.Context, r *http.Request) (any, error) {
		return service.TrainingProgress(ctx, scope.Solution(r.PathValue("solution"))+"/"+bespoke.ARN(r.PathValue("version")))
	})
	answer("ExplainRecommendations", "GET /bespoke/v1/campaigns/{name}/recommendations", func(ctx context.Context, r *http.Request) (any, error) {
		q := r.URL.Query()
		k, err := strconv.Atoi(cmp.Or(q.Get("numResults"), "25"))
		if err != nil || k < 1 {
			return nil, bespoke.Errorf(bespoke.InvalidInput, "numResults %.20q is not a number above 0.", q.Get("numResults"))
		}
		return runtime.Explain(ctx, scope.Campaign(r.PathValue("name")), q.Get("userId"), q.Get("itemId"), moment(q), k)
	})
	answer("GetAttributedMetrics", "GET /bespoke/v1/attributed-metrics/{group}", func(ctx context.Context, r *http.Request) (any, error) {
		from, err := queryTime(r, "from")
		if err != nil {
			return nil, err
		}
		to, err := queryTime(r, "to")
		if err != nil {
			return nil, err
		}
		return service.AttributedMetrics(ctx, scope.DatasetGroup(r.PathValue("group")), from, to)
	})
	answer("UnknownExtension", "/bespoke/v1/", func(_ context.Context, r *http.Request) (any, error) {
		return nil, bespoke.Errorf(bespoke.NotFound, "Nothing answers %s %s. GET /bespoke/v1/openapi.json lists the paths.", r.Method, r.URL.Path)
	})
	mux.HandleFunc("GET /bespoke/v1/openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(openAPI) // the client may be gone
	})
	return mux
}

// moment returns the context that a query gives as context[COLUMN]=value.
func moment(query url.Values) map[string]string {
	values := map[string]string{}
	for key := range query {
		if column, ok := strings.CutPrefix(key, "context["); ok && strings.HasSuffix(column, "]") {
			values[strings.TrimSuffix(column, "]")] = query.Get(key)
		}
	}
	return values
}

// queryTime returns a time of the query, zero where it is not given.
func queryTime(r *http.Request, name string) (time.Time, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, bespoke.Errorf(bespoke.InvalidInput, "%s=%.40q is no time. Give it like 2026-01-31T12:00:00Z.", name, text)
	}
	return t, nil
}
