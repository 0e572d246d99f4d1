package wire_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"bespoke"
	"bespoke/awsapi/wire"
)

func TestOperations(t *testing.T) {
	t.Parallel()
	if n := len(wire.Operations); n != 79 {
		t.Errorf("the table has %d operations, the model 79", n)
	}
	calls := wire.Handlers{}.Bind()
	if len(calls) != 0 {
		t.Errorf("no handler is set, but %d operations are bound", len(calls))
	}
	count := map[wire.Service]int{}
	seen := map[string]bool{}
	for _, op := range wire.Operations {
		count[op.Service]++
		if seen[op.Name] {
			t.Errorf("%s is there twice", op.Name)
		}
		seen[op.Name] = true
		if (op.Protocol == wire.JSON11) != (op.Target == "AmazonPersonalize."+op.Name) {
			t.Errorf("%s: protocol %s with target %q", op.Name, op.Protocol, op.Target)
		}
	}
	if count[wire.Control] != 71 || count[wire.Events] != 5 || count[wire.Runtime] != 3 {
		t.Errorf("operations by service: %v", count)
	}
}

func TestMarshal(t *testing.T) {
	t.Parallel()
	h := wire.Handlers{ListSchemas: func(context.Context, *wire.ListSchemasRequest) (*wire.ListSchemasResponse, error) {
		return nil, nil
	}}
	out, err := h.Bind()["ListSchemas"](t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := wire.Marshal(&b, out); err != nil || b.String() != `{"schemas":[]}` {
		t.Errorf("an empty list is written as %s, %v", &b, err)
	}
}

func TestCallPassesErrors(t *testing.T) {
	t.Parallel()
	want := bespoke.Errorf(bespoke.NotFound, "no such schema")
	h := wire.Handlers{DeleteSchema: func(context.Context, *wire.DeleteSchemaRequest) error { return want }}
	call := h.Bind()["DeleteSchema"]
	if _, err := call(t.Context(), []byte(`{"schemaArn":"arn:aws:personalize:us-east-1:000000000000:schema/s"}`)); !errors.Is(err, want) {
		t.Errorf("got %v", err)
	}
	if _, err := call(t.Context(), []byte(`{}`)); err == nil || err.Error() != "ValidationException: 1 validation error detected: Value null at 'schemaArn' failed to satisfy constraint: Member must not be null" {
		t.Errorf("got %v", err)
	}
}
