package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"runtime/debug"
	"time"
)

const (
	serveExample   = `bespoke serve --data ./bespoke-data --listen 127.0.0.1:8650 --s3-listen 127.0.0.1:8651`
	defaultRegion  = "us-east-1"
	defaultAccount = "000000000000"
)

// serveVerb runs the server until it is told to stop.
func serveVerb(ctx context.Context, args []string, std streams, getenv func(string) string) error {
	fs := newFlags("serve", serveExample, std)
	var cfg serverConfig
	fs.StringVar(&cfg.data, "data", "bespoke-data", "data folder; made if it does not exist")
	fs.StringVar(&cfg.listen, "listen", "127.0.0.1:8650", "address of Personalize, Personalize Events, Personalize Runtime, IAM, STS and the extensions")
	fs.StringVar(&cfg.s3Listen, "s3-listen", "127.0.0.1:8651", "address of the embedded S3")
	fs.StringVar(&cfg.s3Endpoint, "s3-endpoint", "", "address of an S3 to use instead of the embedded one, or \"aws\" for Amazon's; credentials come from the AWS configuration")
	fs.StringVar(&cfg.stsEndpoint, "sts-endpoint", "", "with --s3-endpoint: where roles are assumed, if not at Amazon's STS")
	fs.StringVar(&cfg.roles, "roles", "", "with --s3-endpoint: JSON file with the credentials of each role ARN, instead of STS")
	fs.StringVar(&cfg.credentials, "credentials", "", "JSON file with further access keys that may call the API: their secrets, session tokens and callers' ARNs")
	fs.StringVar(&cfg.region, "region", defaultRegion, "region in ARNs, and of requests' signatures")
	fs.StringVar(&cfg.account, "account", defaultAccount, "account in ARNs: twelve digits")
	fs.BoolVar(&cfg.strict, "strict-limits", false, "enforce Amazon's quotas")
	fs.DurationVar(&cfg.keepSnapshots, "keep-snapshots", time.Hour, "how long the state of a dataset before an import stays on disk")
	fs.IntVar(&cfg.maxCrashes, "max-crashes", 5, "how often the server may die in the midst of an import or a training until that fails")
	fs.DurationVar(&cfg.updateEvery, "update-every", 2*time.Hour, "how often campaigns that explore take new items in, to the half minute")
	fs.DurationVar(&cfg.s3Stall, "s3-stall", 30*time.Second, "how long S3 may take to answer, or to send 16 KiB, until it is asked again")
	fs.IntVar(&cfg.maxBadRows, "max-bad-rows", 1000, "how many bad rows an import's report keeps")
	fs.StringVar(&cfg.badRows, "bad-rows", "fail", "\"fail\" an import with a bad row, as Amazon does, or \"skip\" bad rows; with --strict-limits they always fail")
	fs.Float64Var(&cfg.maxBadShare, "max-bad-share", 0.01, "with --bad-rows=skip: which share of an import's rows, above 0 and up to 1, may be bad before it fails")
	verbose := fs.Bool("verbose", false, "log at debug level")
	logJSON := fs.Bool("json", false, "log as JSON lines")
	if err := parse(fs, args, getenv); err != nil {
		return err
	}
	if err := noArgs(fs); err != nil {
		return err
	}
	if getenv("GOMEMLIMIT") == "" {
		defer debug.SetMemoryLimit(debug.SetMemoryLimit(memoryLimit))
		cfg.limitMemory = true
	}
	defer addThreads(getenv)()
	cfg.logger = newLogger(std, *verbose, *logJSON)
	srv, err := startServer(ctx, cfg)
	if err != nil {
		return err
	}
	cfg.logger.Info("ready", "version", version, "api", srv.where.API, "s3", srv.where.S3, "data", cfg.data, "region", cfg.region,
		"account", cfg.account, "strict_limits", cfg.strict, "workers", importWorkers, "import_memory_bytes", importMemory)
	fmt.Fprintf(std.out, "Bespoke listens on %s. In another shell:\n  eval \"$(bespoke env --data %s)\"\n", srv.where.API, cfg.data)
	select {
	case <-ctx.Done():
		cfg.logger.Info("stopping")
		return srv.stop()
	case err := <-srv.failed:
		_ = srv.stop() // err is the cause
		return err
	}
}

func newLogger(std streams, verbose, asJSON bool) *slog.Logger {
	opts := &slog.HandlerOptions{Level: slog.LevelInfo}
	if verbose {
		opts.Level = slog.LevelDebug
	}
	if asJSON {
		return slog.New(slog.NewJSONHandler(std.err, opts))
	}
	return slog.New(slog.NewTextHandler(std.err, opts))
}

// origin is the address at which clients on this machine reach a listener.
func origin(addr net.Addr) string {
	host, port, err := net.SplitHostPort(addr.String())
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
		return "http://" + net.JoinHostPort("127.0.0.1", port)
	}
	return "http://" + addr.String()
}
