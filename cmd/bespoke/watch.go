package main

import (
	"context"
	"fmt"
	"net/url"
	"time"
)

const pollEvery = 100 * time.Millisecond

// watch follows an import job until it is ACTIVE or has failed.
func (c *client) watch(ctx context.Context, arn string, show *bar) (jobProgress, error) {
	for {
		var p jobProgress
		if err := c.get(ctx, "/bespoke/v1/dataset-import-jobs/"+nameOf(arn), &p); err != nil {
			return p, err
		}
		if p.Status == "ACTIVE" || p.Status == "CREATE FAILED" {
			if show != nil {
				show.done(p)
			}
			return p, nil
		}
		if show != nil {
			show.draw(p)
		}
		if err := pause(ctx); err != nil {
			return p, fmt.Errorf("stopped watching; the import goes on, unless you cancel it: bespoke import --cancel %s: %w", nameOf(arn), err)
		}
	}
}

// cancel ends an import job that has not committed.
func (c *client) cancel(ctx context.Context, job string) (p jobProgress, err error) {
	err = c.post(ctx, "/bespoke/v1/dataset-import-jobs/"+url.PathEscape(nameOf(job))+"/cancel", &p)
	return p, err
}

// active waits until the described resource is ACTIVE.
func (c *client) active(ctx context.Context, describe, member, arn string) error {
	for {
		var out map[string]struct {
			Status        string `json:"status"`
			FailureReason string `json:"failureReason"`
		}
		if err := c.call(ctx, describe, map[string]string{member: arn}, &out); err != nil {
			return err
		}
		for _, r := range out {
			switch r.Status {
			case "ACTIVE":
				return nil
			case "CREATE PENDING", "CREATE IN_PROGRESS", "UPDATE PENDING", "UPDATE IN_PROGRESS":
			default:
				return fmt.Errorf("%s is %s: %s", arn, r.Status, r.FailureReason)
			}
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
}

func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(pollEvery):
		return nil
	}
}

func nameOf(arn string) string {
	for i := len(arn) - 1; i >= 0; i-- {
		if arn[i] == '/' {
			return arn[i+1:]
		}
	}
	return arn
}
