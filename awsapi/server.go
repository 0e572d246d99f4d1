package awsapi

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"bespoke"
	"bespoke/awsapi/wire"
)

// Config says what a Server does and whom it believes.
type Config struct {
	Handlers wire.Handlers // a nil function answers that it is not built
	Verifier *Verifier     // required
	Logger   *slog.Logger  // nil is slog.Default()

	// Observe, if set, is called after each request with the operation's name,
	// "Unknown" for none of the model, and the error code, "OK" for success.
	// It is called concurrently.
	Observe func(operation, code string, d time.Duration)
}

// Server answers the operations of the three services, told apart by the
// X-Amz-Target header or by method and path. Every response carries a request
// ID, which the log has too. Safe for concurrent use.
type Server struct {
	cfg     Config
	targets map[string]*endpoint // by X-Amz-Target
	paths   map[string]*endpoint // by method, blank, path
}

// endpoint is one thing that a Server can be asked for.
type endpoint struct {
	name     string
	protocol wire.Protocol
	faults   []wire.Fault
	call     func(ctx context.Context, r *http.Request, body []byte) (any, error)
}

// The endpoints of requests that name no operation.
var (
	unknownJSON11 = &endpoint{name: "Unknown", protocol: wire.JSON11, call: unknown}
	unknownREST   = &endpoint{name: "Unknown", protocol: wire.RestJSON, call: unknown}
)

// New checks cfg and returns a server of all operations of the model.
func New(cfg Config) (*Server, error) {
	if cfg.Verifier == nil {
		return nil, errors.New("awsapi: Config.Verifier is nil")
	}
	cfg.Logger = cmp.Or(cfg.Logger, slog.Default())
	if cfg.Observe == nil {
		cfg.Observe = func(string, string, time.Duration) {}
	}
	s := &Server{cfg: cfg, targets: map[string]*endpoint{}, paths: map[string]*endpoint{}}
	calls := cfg.Handlers.Bind()
	for _, op := range wire.Operations {
		e := &endpoint{name: op.Name, protocol: op.Protocol, faults: op.Faults, call: notBuilt(op.Name)}
		if call := calls[op.Name]; call != nil {
			e.call = func(ctx context.Context, _ *http.Request, body []byte) (any, error) { return call(ctx, body) }
		}
		if op.Protocol == wire.JSON11 {
			s.targets[op.Target] = e
		} else {
			s.paths[op.Method+" "+op.Path] = e
		}
	}
	return s, nil
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.serve(w, r, s.route(r)) }

// Handle returns a handler for an operation beyond the model, under the same
// signature check, with the same request IDs, logs and errors (those of
// rest-json). call gets a context with the caller and the request's ID, and the
// verified body; what it returns is written as JSON, nothing for nil, and a
// *File as it is.
func (s *Server) Handle(name string, call func(ctx context.Context, r *http.Request, body []byte) (any, error)) http.Handler {
	e := &endpoint{name: name, protocol: wire.RestJSON, call: call}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, e) })
}

func (s *Server) route(r *http.Request) *endpoint {
	if target := r.Header.Get("X-Amz-Target"); target != "" || r.URL.Path == "/" {
		if e := s.targets[target]; e != nil && r.Method == http.MethodPost {
			return e
		}
		return unknownJSON11
	}
	if e := s.paths[r.Method+" "+r.URL.Path]; e != nil {
		return e
	}
	return unknownREST
}

func unknown(_ context.Context, r *http.Request, _ []byte) (any, error) {
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		return nil, bespoke.Errorf(bespoke.UnknownOperation, "The operation %s does not exist, or was not sent with POST.", cut(target))
	}
	return nil, bespoke.Errorf(bespoke.UnknownOperation, "No operation answers %s %s.", cut(r.Method), cut(r.URL.Path))
}

func notBuilt(name string) func(context.Context, *http.Request, []byte) (any, error) {
	err := bespoke.Errorf(bespoke.OperationNotBuilt, "%s is not built yet in this version of Bespoke.", name)
	return func(context.Context, *http.Request, []byte) (any, error) { return nil, err }
}
