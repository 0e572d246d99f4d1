package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime"
	"sync/atomic"
	"time"

	"bespoke"
	"bespoke/artifact"
	"bespoke/awsapi"
	"bespoke/control"
	"bespoke/event"
	"bespoke/extension"
	"bespoke/job"
	"bespoke/lake"
	"bespoke/serve"
	"bespoke/store/sqlite"
)

// What imports may use of the machine. Two run at a time; together with the
// rest of the process they stay below 512 MiB.
const (
	importsAtOnce = 2
	importMemory  = 128 << 20
	memoryLimit   = 448 << 20
)

var importWorkers = runtime.GOMAXPROCS(0)

// server is a running server. Its parts were started in the order of closers
// and are stopped in the reverse.
type server struct {
	where  running
	creds  credentials
	failed chan error // a listener that ended by itself

	closers []func(context.Context) error
}

// stopWithin bounds how long a stop waits for requests and jobs.
const stopWithin = 15 * time.Second

// startServer brings everything up. Where it fails, what had been started is
// stopped again.
func startServer(ctx context.Context, cfg serverConfig) (_ *server, err error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	s := &server{failed: make(chan error, 2)}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.stop())
		}
	}()
	dir, err := openFolder(cfg.data)
	if err != nil {
		return nil, err
	}
	s.onStop(func(context.Context) error { return dir.close() })
	if s.creds, err = dir.credentials(); err != nil {
		return nil, err
	}
	st, err := sqlite.Open(ctx, sqlite.Config{Path: dir.path("bespoke.db"), Logger: cfg.logger})
	if err != nil {
		return nil, err
	}
	s.onStop(func(context.Context) error { return st.Close() })
	tables, err := lake.Open(ctx, lake.Config{Dir: dir.path("lake"), Log: cfg.logger})
	if err != nil {
		return nil, err
	}
	s.onStop(func(context.Context) error { return tables.Close() })
	// No job runs yet, so what no snapshot refers to was left by a crash.
	if err := tables.Sweep(ctx, time.Time{}); err != nil {
		return nil, err
	}
	var ready atomic.Pointer[control.Service]
	events, err := event.Open(ctx, event.Config{
		Dir: dir.path("events"), Store: st, Lake: tables, Limits: cfg.limits(), KeepSnapshots: cfg.keepSnapshots, Logger: cfg.logger,
		Joined: func(ctx context.Context, dataset bespoke.ARN, last uint64, read func(after uint64) iter.Seq2[*event.Record, error]) error {
			service := ready.Load()
			if service == nil {
				return errors.New("the server is still starting")
			}
			return service.AttributeRecords(ctx, dataset, last, read)
		},
	})
	if err != nil {
		return nil, err
	}
	s.onStop(events.Close)
	cloud, err := s.openStorage(ctx, cfg, dir)
	if err != nil {
		return nil, err
	}
	seen := newMetrics(st.Queue().Counts, events.Stats)
	models, err := artifact.OpenFolder(dir.path("models"))
	if err != nil {
		return nil, err
	}
	runtime, err := serve.New(serve.Config{Models: models, Campaign: st.Campaign, Live: serve.Events{Log: events, Scope: cfg.scope()}})
	if err != nil {
		return nil, err
	}
	var room *memory // nil where memory is not limited
	var roomy func() func()
	if cfg.limitMemory {
		room = &memory{}
		roomy = room.hold
	}
	service, err := control.New(control.Config{
		Scope: cfg.scope(), Store: st, Lake: tables, Records: events, Models: models, Serve: runtime, Access: cloud.access, Limits: cfg.limits(),
		TokenKey: s.creds.TokenKey, TempDir: dir.path("tmp"), MaxBadRows: cmp.Or(cfg.maxBadRows, 1000), KeepSnapshots: cfg.keepSnapshots, MaxCrashes: cfg.maxCrashes, UpdateEvery: cfg.updateEvery, Roomy: roomy,
		MaxBadShare: cfg.skipShare(), RejectedDir: dir.path("rejected"),
		Workers: importWorkers, Memory: importMemory, Logger: cfg.logger, Observe: seen.imported, ObserveTidy: seen.tidy, ObserveTraining: seen.training.observe,
		Recommended: func(id string) (string, bool) {
			campaign, ok := runtime.CampaignOf(id)
			return string(campaign), ok
		},
	})
	if err != nil {
		return nil, err
	}
	if err := errors.Join(service.SweepModels(ctx), service.DeployAll(ctx)); err != nil {
		return nil, err
	}
	ready.Store(service) // what made a recommendation is known once it is deployed
	seen.registry.MustRegister(attributedCollector{service.AttributedTotals})
	if err := s.startJobs(ctx, cfg, st, service, room); err != nil {
		return nil, err
	}
	s.eachHalfMinute(ctx, "automatic training cannot begin, will be tried again", service.TrainDue, cfg.logger)
	s.eachHalfMinute(ctx, "campaigns stay as they are, will be brought up to date later", service.Refresh, cfg.logger)
	s.inBackground(ctx, service.Tidy) // compacts and clears tables
	verifier, err := awsapi.NewVerifier(awsapi.VerifierConfig{Credentials: cloud.credential})
	if err != nil {
		return nil, err
	}
	handlers := service.Handlers()
	runtime.Bind(&handlers)
	events.Handle(&handlers)
	api, err := awsapi.New(awsapi.Config{Handlers: handlers, Verifier: verifier, Logger: cfg.logger, Observe: seen.request})
	if err != nil {
		return nil, err
	}
	amazon := bySignedService(api, cloud.identity(verifier))
	own := http.NewServeMux()
	own.Handle("/", amazon)
	own.Handle("/bespoke/v1/", extension.New(api, service, runtime, cfg.scope()))
	own.Handle("GET /metrics", seen.handler())
	own.HandleFunc("GET /healthz", healthy(st.Ping))
	addr, err := s.listen(cfg.listen, byPath(own, amazon), cfg.logger)
	if err != nil {
		return nil, err
	}
	s.where = running{PID: os.Getpid(), API: origin(addr), S3: cloud.endpoint, Region: cfg.region, Account: cfg.account, OwnCredentials: cloud.external}
	return s, publish(dir.path("server.json"), s.where)
}

// startJobs begins to run background jobs, those of an earlier process first.
func (s *server) startJobs(ctx context.Context, cfg serverConfig, st *sqlite.Store, service *control.Service, room *memory) error {
	handle := service.Advance
	if room != nil {
		room.add(0) // for the models that are deployed already
		handle = room.around(handle)
	}
	runner, err := job.NewRunner(job.Config{
		Queue: st.Queue(), Handle: handle, OnGiveUp: service.GiveUp,
		Imports: importsAtOnce, Logger: cfg.logger,
	})
	if err != nil {
		return err
	}
	// The jobs end by stop, softly, and not with ctx.
	if err := runner.Start(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	s.onStop(runner.Stop)
	return nil
}

// inBackground runs something until the server stops.
func (s *server) inBackground(ctx context.Context, run func(context.Context)) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		run(ctx)
	}()
	s.onStop(func(stop context.Context) error {
		cancel()
		select {
		case <-done:
			return nil
		case <-stop.Done():
			return fmt.Errorf("stop: work in the background does not end: %w", context.Cause(stop))
		}
	})
}

// eachHalfMinute does something now and every half a minute until the server
// stops. What it does looks by itself whether the time has come.
func (s *server) eachHalfMinute(ctx context.Context, failed string, do func(context.Context) error, logger *slog.Logger) {
	s.inBackground(ctx, func(ctx context.Context) {
		tick := time.NewTicker(30 * time.Second)
		defer tick.Stop()
		for {
			if err := do(ctx); err != nil && ctx.Err() == nil {
				logger.ErrorContext(ctx, failed, "err", err)
			}
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	})
}

// listen serves h on an address. Slow clients are cut off: a request has to
// arrive within half a minute.
func (s *server) listen(address string, h http.Handler, logger *slog.Logger) (net.Addr, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%w; choose another address with --listen", err)
	}
	srv := &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
	go func() {
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.failed <- err
		}
	}()
	s.onStop(func(ctx context.Context) error {
		if err := srv.Shutdown(ctx); err != nil {
			return srv.Close() // the time for requests under way is over
		}
		return nil
	})
	return l.Addr(), nil
}

func (s *server) onStop(f func(context.Context) error) { s.closers = append(s.closers, f) }

// stop ends everything, softly for a while and then hard. Import jobs that are
// under way go on after the next start.
func (s *server) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	var errs []error
	for i := len(s.closers) - 1; i >= 0; i-- {
		errs = append(errs, s.closers[i](ctx))
	}
	s.closers = nil
	return errors.Join(errs...)
}
