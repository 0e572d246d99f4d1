package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime/debug"
	"strings"

	"bespoke"
	"bespoke/ingest"
	"bespoke/insight"
	"bespoke/schema"
)

const validateExample = `bespoke validate --schema interactions.avsc interactions.csv`

// validateOptions are the flags of the validate verb.
type validateOptions struct {
	schema, kind, domain string
	maxBadRows           int
	asJSON               bool
	strict               bool
}

// validate checks files against a schema as an import would, and says what
// makes the dataset poor. It needs no server and writes nothing.
func validate(ctx context.Context, args []string, std streams, getenv func(string) string) error {
	fs := newFlags("validate", validateExample, std)
	o, sources, err := parseValidate(fs, args, getenv)
	if err != nil {
		return err
	}
	sc, kind, err := o.readSchema()
	if err != nil {
		return err
	}
	src, objects, err := openSources(ctx, sources, getenv)
	if err != nil {
		return err
	}
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(memoryLimit))
	r, err := check(ctx, ingest.Config{
		Schema: sc, Type: kind, Objects: objects, Source: src, Memory: importMemory, MaxReported: o.maxBadRows, CheckOnly: true, CSVOnly: o.strict,
	})
	if e, ok := errors.AsType[*bespoke.Error](err); ok {
		return errors.New(e.Msg) // the code is for SDKs
	}
	if err != nil {
		return err
	}
	if o.asJSON {
		err = printJSON(std.out, r)
	} else {
		err = r.print(std.out)
	}
	if err == nil && r.Rows.Rejected > 0 {
		err = fmt.Errorf("%s of %s rows are bad", grouped(r.Rows.Rejected), grouped(r.Rows.Read))
	}
	return err
}

func parseValidate(fs *flag.FlagSet, args []string, getenv func(string) string) (o validateOptions, sources []string, err error) {
	fs.StringVar(&o.schema, "schema", "", "Avro schema file; required")
	fs.StringVar(&o.kind, "type", "", "dataset type: interactions, items, users, actions or action_interactions; without it, what the schema's name says")
	fs.StringVar(&o.domain, "domain", "", "ECOMMERCE or VIDEO_ON_DEMAND, for the rules of a domain dataset group")
	fs.IntVar(&o.maxBadRows, "max-bad-rows", 1000, "how many bad rows are listed; all are counted")
	fs.BoolVar(&o.strict, "strict-limits", false, "take what Amazon takes and no more: plain CSV, neither compressed nor JSON Lines nor Parquet")
	fs.BoolVar(&o.asJSON, "json", false, "print the report as JSON")
	if err := parse(fs, args, getenv); err != nil {
		return o, nil, err
	}
	o.kind, o.domain = strings.ToUpper(o.kind), strings.ToUpper(o.domain)
	switch {
	case o.schema == "":
		return o, nil, usageError{"give the Avro schema file with --schema"}
	case fs.NArg() == 0:
		return o, nil, usageError{"give files, folders or s3:// locations"}
	case o.maxBadRows < 1:
		return o, nil, usageError{"--max-bad-rows must be above 0"}
	}
	switch bespoke.Domain(o.domain) {
	case bespoke.Custom, bespoke.Ecommerce, bespoke.VideoOnDemand:
	default:
		return o, nil, usageError{fmt.Sprintf("--domain %q is neither ECOMMERCE nor VIDEO_ON_DEMAND", o.domain)}
	}
	return o, fs.Args(), nil
}

// readSchema reads the schema and checks it as CreateSchema and CreateDataset
// do.
func (o validateOptions) readSchema() (*schema.Schema, bespoke.DatasetType, error) {
	text, err := os.ReadFile(o.schema)
	if err != nil {
		return nil, "", usageError{fmt.Sprintf("--schema: %v", err)}
	}
	sc, err := schema.Parse(string(text))
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", o.schema, err)
	}
	kind := bespoke.DatasetType(o.kind)
	if kind == "" {
		kind, _ = sc.DatasetType() // Check tells what is wrong with none
	}
	if err := sc.Check(kind, bespoke.Domain(o.domain)); err != nil {
		return nil, "", fmt.Errorf("%s: %w", o.schema, err)
	}
	return sc, kind, nil
}

// check reads everything and returns what there is to report.
func check(ctx context.Context, cfg ingest.Config) (validation, error) {
	if err := ingest.Header(ctx, cfg.Source, cfg.Objects, cfg.Schema, cfg.CSVOnly); err != nil {
		return validation{}, err
	}
	survey := insight.NewSurvey(cfg.Type, cfg.Schema)
	cfg.Observe = survey.Observer
	res, err := ingest.Run(ctx, cfg)
	if err != nil {
		return validation{}, err
	}
	return newValidation(cfg, res, survey.Insights(res)), nil
}
