package control

import (
	"context"
	"iter"

	"bespoke"
	"bespoke/store"
)

// listing is what a request asks a list of: the resources below a parent of a
// kind, or all where parent is "".
type listing struct {
	operation, kind, parent string
	nextToken               string
	maxResults              *int
}

// pageOf returns one page of what fetch finds, each as summary has it, and the token
// of the next page.
func pageOf[T, S any](ctx context.Context, s *Service, of listing, fetch func(context.Context, bespoke.ARN, store.Page) ([]T, store.Position, error), summary func(T) S) ([]S, string, error) {
	name := of.operation + " " + of.parent
	page, err := s.page(name, of.nextToken, of.maxResults)
	if err != nil {
		return nil, "", err
	}
	parent, err := resource(of.kind, of.parent)
	if err != nil {
		return nil, "", err
	}
	all, next, err := fetch(ctx, parent, page)
	if err != nil {
		return nil, "", refusal(err)
	}
	out := make([]S, len(all))
	for i, v := range all {
		out[i] = summary(v)
	}
	return out, s.pageToken(name, next), nil
}

// every yields all that fetch finds below a parent, reading a page of it at a time.
func every[T any](ctx context.Context, parent bespoke.ARN, fetch func(context.Context, bespoke.ARN, store.Page) ([]T, store.Position, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for page := (store.Page{Limit: 100}); ; {
			all, next, err := fetch(ctx, parent, page)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, v := range all {
				if !yield(v, nil) {
					return
				}
			}
			if page.After = next; next.IsZero() {
				return
			}
		}
	}
}

// page turns a list request into what the store asks for. Lists hold 100 items
// unless fewer are asked for.
func (s *Service) page(list, token string, maxResults *int) (store.Page, error) {
	p := store.Page{Limit: 100}
	if maxResults != nil {
		p.Limit = *maxResults
	}
	if token == "" {
		return p, nil
	}
	var err error
	p.After, err = s.parsePageToken(list, token)
	return p, err
}
