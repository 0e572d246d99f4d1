package wire

import (
	"context"

	"bespoke"
)

// Service is one of the three APIs that the model describes.
type Service string

// The services. All of them are signed for as "personalize".
const (
	Control Service = "personalize"
	Events  Service = "personalize-events"
	Runtime Service = "personalize-runtime"
)

// Protocol is how requests and errors of an operation travel.
type Protocol string

// The protocols. JSON11 names the operation in X-Amz-Target and puts an
// error's code into the body; RestJSON has a path for each operation and puts
// the code into a header.
const (
	JSON11   Protocol = "json 1.1"
	RestJSON Protocol = "rest-json"
)

// Operation is what the model says about one operation.
type Operation struct {
	Name     string
	Service  Service
	Protocol Protocol
	Method   string
	Path     string
	Target   string  // value of X-Amz-Target, JSON11 only
	Faults   []Fault // the errors it models
}

// Fault is an error that an operation models, and its HTTP status.
type Fault struct {
	Code   bespoke.Code
	Status int
}

// Call decodes and checks a request's body, does the operation and returns the
// output, ready for [Marshal], or nil where the operation has none. Its errors
// are *bespoke.Error for bodies that do not decode (SerializationException) or
// break a constraint (ValidationException), and the handler's own.
type Call func(ctx context.Context, body []byte) (any, error)

// Bind returns what runs each operation of the table, by its name. Operations
// whose handler is nil are missing from the map.
func (h Handlers) Bind() map[string]Call {
	out := make(map[string]Call, len(Operations))
	for i, call := range h.calls() {
		if call != nil {
			out[Operations[i].Name] = call
		}
	}
	return out
}

// input is a request that knows how to read itself.
type input[T any] interface {
	*T
	decode(*decoder)
}

func bind[In, Out any, P input[In]](handle func(context.Context, *In) (*Out, error)) Call {
	if handle == nil {
		return nil
	}
	return func(ctx context.Context, body []byte) (any, error) {
		in := new(In)
		if err := decode(body, P(in).decode); err != nil {
			return nil, err
		}
		res, err := handle(ctx, in)
		if err != nil {
			return nil, err
		}
		out := new(Out)
		if res != nil {
			*out = *res // the handler may keep its own
		}
		if f, ok := any(out).(interface{ fill() }); ok {
			f.fill()
		}
		return out, nil
	}
}

func bindEmpty[In any, P input[In]](handle func(context.Context, *In) error) Call {
	if handle == nil {
		return nil
	}
	return func(ctx context.Context, body []byte) (any, error) {
		in := new(In)
		if err := decode(body, P(in).decode); err != nil {
			return nil, err
		}
		return nil, handle(ctx, in)
	}
}

// present makes a response's absent list an empty one: clients index it
// without asking.
func present[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
