package control

import (
	"context"

	"bespoke"
	"bespoke/awsapi/wire"
	"bespoke/schema"
	"bespoke/store"
)

type schemaStore interface {
	CreateSchema(ctx context.Context, sc bespoke.Schema, limit int) error
	Schema(ctx context.Context, arn bespoke.ARN) (bespoke.Schema, error)
	Schemas(ctx context.Context, p store.Page) ([]bespoke.Schema, store.Position, error)
	DeleteSchema(ctx context.Context, arn bespoke.ARN) error
}

// createSchema refuses what no dataset could use: text that is no schema, and
// a record whose name says which dataset type it is for but whose fields are
// not those of the type.
func (s *Service) createSchema(ctx context.Context, in *wire.CreateSchemaRequest) (*wire.CreateSchemaResponse, error) {
	parsed, err := schema.Parse(in.Schema)
	if err != nil {
		return nil, err
	}
	if t, ok := parsed.DatasetType(); ok {
		if err := parsed.Check(t, bespoke.Domain(in.Domain)); err != nil {
			return nil, err
		}
	}
	sc := bespoke.Schema{Name: in.Name, ARN: s.cfg.Scope.Schema(in.Name), Domain: bespoke.Domain(in.Domain), Text: in.Schema}
	if err := s.cfg.Store.CreateSchema(ctx, sc, s.cfg.Limits.Schemas); err != nil {
		return nil, refusal(err)
	}
	return &wire.CreateSchemaResponse{SchemaArn: string(sc.ARN)}, nil
}

func (s *Service) describeSchema(ctx context.Context, in *wire.DescribeSchemaRequest) (*wire.DescribeSchemaResponse, error) {
	arn, err := resource("schema", in.SchemaArn)
	if err != nil {
		return nil, err
	}
	sc, err := s.cfg.Store.Schema(ctx, arn)
	if err != nil {
		return nil, refusal(err)
	}
	return &wire.DescribeSchemaResponse{Schema: &wire.DatasetSchema{
		Name: sc.Name, SchemaArn: string(sc.ARN), Schema: sc.Text, Domain: string(sc.Domain),
		CreationDateTime: wire.Timestamp{Time: sc.Created}, LastUpdatedDateTime: wire.Timestamp{Time: sc.Updated},
	}}, nil
}

func (s *Service) listSchemas(ctx context.Context, in *wire.ListSchemasRequest) (*wire.ListSchemasResponse, error) {
	const list = "ListSchemas"
	page, err := s.page(list, in.NextToken, in.MaxResults)
	if err != nil {
		return nil, err
	}
	schemas, next, err := s.cfg.Store.Schemas(ctx, page)
	if err != nil {
		return nil, refusal(err)
	}
	out := &wire.ListSchemasResponse{Schemas: make([]wire.DatasetSchemaSummary, len(schemas)), NextToken: s.pageToken(list, next)}
	for i, sc := range schemas {
		out.Schemas[i] = wire.DatasetSchemaSummary{
			Name: sc.Name, SchemaArn: string(sc.ARN), Domain: string(sc.Domain),
			CreationDateTime: wire.Timestamp{Time: sc.Created}, LastUpdatedDateTime: wire.Timestamp{Time: sc.Updated},
		}
	}
	return out, nil
}

func (s *Service) deleteSchema(ctx context.Context, in *wire.DeleteSchemaRequest) error {
	arn, err := resource("schema", in.SchemaArn)
	if err != nil {
		return err
	}
	return refusal(s.cfg.Store.DeleteSchema(ctx, arn))
}
