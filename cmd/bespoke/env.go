package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"
)

const envExample = `eval "$(bespoke env --data ./bespoke-data)"; aws personalize list-dataset-groups`

// env prints what an AWS SDK needs to reach the running server.
func env(ctx context.Context, args []string, std streams, getenv func(string) string) error {
	fs := newFlags("env", envExample, std)
	data := fs.String("data", "bespoke-data", "the running server's data folder")
	wait := fs.Duration("wait", 2*time.Second, "how long to wait for a server that is starting")
	asJSON := fs.Bool("json", false, "print a JSON object instead of export lines")
	if err := parse(fs, args, getenv); err != nil {
		return err
	}
	if err := noArgs(fs); err != nil {
		return err
	}
	r, c, err := awaitRunning(ctx, *data, *wait)
	if err != nil {
		return err
	}
	vars := environment(r, c)
	if *asJSON {
		m := make(map[string]string, len(vars))
		for _, v := range vars {
			m[v.name] = v.value
		}
		return printJSON(std.out, m)
	}
	if err := printExports(std.out, vars); err != nil || r.OwnCredentials {
		return err
	}
	// A session token or profile left over from AWS would be sent along and refused.
	_, err = fmt.Fprintln(std.out, "unset AWS_SESSION_TOKEN AWS_PROFILE")
	return err
}

// awaitRunning is readRunning for a server that may have been started a moment
// ago.
func awaitRunning(ctx context.Context, dir string, wait time.Duration) (running, credentials, error) {
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for deadline := time.Now().Add(wait); ; {
		r, c, err := readRunning(dir)
		if err == nil || !time.Now().Before(deadline) {
			return r, c, err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return r, c, err
		}
	}
}

type variable struct{ name, value string }

// environment lists the variables that AWS SDKs and the AWS CLI read. Where the
// server uses an S3 that is not its own, the user's AWS credentials stay as they
// are: the server's API accepts those that it was started with.
func environment(r running, c credentials) []variable {
	vars := []variable{{"AWS_REGION", r.Region}, {"AWS_DEFAULT_REGION", r.Region}}
	if !r.OwnCredentials {
		vars = append(vars, variable{"AWS_ACCESS_KEY_ID", c.AccessKey}, variable{"AWS_SECRET_ACCESS_KEY", c.Secret})
	}
	for _, service := range []string{"PERSONALIZE", "PERSONALIZE_EVENTS", "PERSONALIZE_RUNTIME", "IAM", "STS"} {
		vars = append(vars, variable{"AWS_ENDPOINT_URL_" + service, r.API})
	}
	if r.S3 != "" {
		vars = append(vars, variable{"AWS_ENDPOINT_URL_S3", r.S3})
	}
	return vars
}

func printExports(w io.Writer, vars []variable) error {
	for _, v := range vars {
		if _, err := fmt.Fprintf(w, "export %s='%s'\n", v.name, strings.ReplaceAll(v.value, "'", `'\''`)); err != nil {
			return err
		}
	}
	return nil
}
