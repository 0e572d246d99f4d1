package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const importExample = `bespoke import --dataset-group shop --type interactions --schema interactions.avsc interactions.csv`

// importOptions are the flags of the import verb.
type importOptions struct {
	data, group, kind, schema, domain, mode, role, name, bucket, cancel string
	asJSON                                                              bool
}

func importVerb(ctx context.Context, args []string, std streams, getenv func(string) string) error {
	fs := newFlags("import", importExample, std)
	o, source, err := parseImport(fs, args, getenv)
	if err != nil {
		return err
	}
	r, creds, err := readRunning(o.data)
	if err != nil {
		return err
	}
	if o.cancel != "" {
		return cancelImport(ctx, newClient(r, creds), o, std)
	}
	im := importer{client: newClient(r, creds), opts: o, note: func(format string, a ...any) {
		if !o.asJSON {
			fmt.Fprintf(std.out, format+"\n", a...)
		}
	}}
	var show *bar
	if !o.asJSON {
		show = newBar(std.out)
	}
	p, err := im.run(ctx, source, show)
	if o.asJSON && p.JobARN != "" {
		err = errors.Join(printJSON(std.out, p), err)
	}
	return err
}

func cancelImport(ctx context.Context, c *client, o importOptions, std streams) error {
	p, err := c.cancel(ctx, o.cancel)
	if err != nil {
		return err
	}
	if o.asJSON {
		return printJSON(std.out, p)
	}
	_, err = fmt.Fprintf(std.out, "%s is %s: %s\n", p.JobARN, p.Status, p.FailureReason)
	return err
}

func parseImport(fs *flag.FlagSet, args []string, getenv func(string) string) (o importOptions, source string, err error) {
	fs.StringVar(&o.data, "data", "bespoke-data", "the running server's data folder")
	fs.StringVar(&o.group, "dataset-group", "default", "dataset group; made if it does not exist")
	fs.StringVar(&o.kind, "type", "interactions", "dataset type: interactions, items, users, actions or action_interactions")
	fs.StringVar(&o.schema, "schema", "", "Avro schema file; needed where the dataset does not exist, unless it is interactions with reserved columns only")
	fs.StringVar(&o.domain, "domain", "", "ECOMMERCE or VIDEO_ON_DEMAND, for a group that is made")
	fs.StringVar(&o.mode, "mode", "FULL", "FULL replaces earlier bulk rows, INCREMENTAL adds to them")
	fs.StringVar(&o.role, "role", "", "ARN of the role that reads the source; without it your own rights decide")
	fs.StringVar(&o.name, "job-name", "", "name of the import job; made up if not given")
	fs.StringVar(&o.bucket, "bucket", "bespoke-uploads", "bucket that a local file is uploaded to; made if it does not exist")
	fs.StringVar(&o.cancel, "cancel", "", "instead of importing: name or ARN of an import job that is to end at once, with nothing of it visible")
	fs.BoolVar(&o.asJSON, "json", false, "print the outcome as JSON and nothing else")
	if err := parse(fs, args, getenv); err != nil {
		return o, "", err
	}
	if o.cancel != "" {
		return o, "", noArgs(fs)
	}
	if fs.NArg() != 1 {
		return o, "", usageError{"give one file or s3:// location"}
	}
	o.kind = strings.ToUpper(o.kind)
	o.mode = strings.ToUpper(o.mode)
	o.name = cmp.Or(o.name, fmt.Sprintf("%s-%s-%s", o.group, strings.ToLower(o.kind), strings.ReplaceAll(time.Now().UTC().Format("20060102-150405.000"), ".", "-")))
	return o, fs.Arg(0), nil
}

// importer brings one source into one dataset and makes what is missing on the
// way: bucket, dataset group, schema, dataset.
type importer struct {
	client *client
	opts   importOptions
	note   func(format string, args ...any)
}

// run returns the job's last progress, also with an error where the job
// failed.
func (im *importer) run(ctx context.Context, source string, show *bar) (jobProgress, error) {
	location := source
	if !strings.HasPrefix(source, "s3://") {
		if _, err := os.Stat(source); err != nil {
			return jobProgress{}, err
		}
	}
	dataset, err := im.dataset(ctx, source)
	if err != nil {
		return jobProgress{}, err
	}
	if !strings.HasPrefix(source, "s3://") {
		location = fmt.Sprintf("s3://%s/%s/%s", im.opts.bucket, im.opts.name, filepath.Base(source))
		im.note("uploading %s to %s", source, location)
		if err := im.client.upload(ctx, source, im.opts.bucket, im.opts.name+"/"+filepath.Base(source)); err != nil {
			return jobProgress{}, err
		}
	}
	in := map[string]any{
		"jobName": im.opts.name, "datasetArn": dataset, "importMode": im.opts.mode,
		"dataSource": map[string]string{"dataLocation": location},
	}
	if im.opts.role != "" {
		in["roleArn"] = im.opts.role
	}
	var out struct {
		ARN string `json:"datasetImportJobArn"`
	}
	if err := im.client.call(ctx, "CreateDatasetImportJob", in, &out); err != nil {
		return jobProgress{}, err
	}
	im.note("importing %s into %s (%s)", location, dataset, im.opts.mode)
	p, err := im.client.watch(ctx, out.ARN, show)
	if err == nil && p.Status != "ACTIVE" {
		err = fmt.Errorf("the import failed: %s", p.FailureReason)
	}
	return p, err
}

// dataset returns the ARN of the dataset to import into.
func (im *importer) dataset(ctx context.Context, source string) (string, error) {
	group, err := im.datasetGroup(ctx)
	if err != nil {
		return "", err
	}
	arn := strings.Replace(group, ":dataset-group/", ":dataset/", 1) + "/" + im.opts.kind
	err = im.client.call(ctx, "DescribeDataset", map[string]string{"datasetArn": arn}, nil)
	if !isType(err, "ResourceNotFoundException") {
		return arn, err
	}
	text, err := im.schemaText(source)
	if err != nil {
		return "", err
	}
	schema, err := im.schemaARN(ctx, group, text)
	if err != nil {
		return "", err
	}
	in := map[string]string{"name": strings.ToLower(im.opts.kind), "schemaArn": schema, "datasetGroupArn": group, "datasetType": im.opts.kind}
	if err := im.client.call(ctx, "CreateDataset", in, nil); err != nil {
		return "", err
	}
	im.note("made dataset %s", arn)
	return arn, im.client.active(ctx, "DescribeDataset", "datasetArn", arn)
}

func (im *importer) datasetGroup(ctx context.Context) (string, error) {
	in := map[string]string{"name": im.opts.group}
	if im.opts.domain != "" {
		in["domain"] = im.opts.domain
	}
	var out struct {
		ARN string `json:"datasetGroupArn"`
	}
	err := im.client.call(ctx, "CreateDatasetGroup", in, &out)
	if isType(err, "ResourceAlreadyExistsException") {
		out.ARN = fmt.Sprintf("arn:aws:personalize:%s:%s:dataset-group/%s", im.client.server.Region, im.client.server.Account, im.opts.group)
		return out.ARN, im.client.active(ctx, "DescribeDatasetGroup", "datasetGroupArn", out.ARN)
	}
	if err != nil {
		return "", err
	}
	im.note("made dataset group %s", out.ARN)
	return out.ARN, im.client.active(ctx, "DescribeDatasetGroup", "datasetGroupArn", out.ARN)
}

// schemaARN makes the schema under a name that follows from its text, so that
// the same text is one schema.
func (im *importer) schemaARN(ctx context.Context, group, text string) (string, error) {
	var g struct {
		Group struct {
			Domain string `json:"domain"`
		} `json:"datasetGroup"`
	}
	if err := im.client.call(ctx, "DescribeDatasetGroup", map[string]string{"datasetGroupArn": group}, &g); err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(g.Group.Domain + "\x00" + text))
	name := strings.ToLower(im.opts.kind) + "-" + hex.EncodeToString(sum[:6])
	in := map[string]string{"name": name, "schema": text}
	if g.Group.Domain != "" {
		in["domain"] = g.Group.Domain
	}
	err := im.client.call(ctx, "CreateSchema", in, nil)
	if isType(err, "ResourceAlreadyExistsException") {
		err = nil
	}
	return strings.Replace(group, ":dataset-group/"+im.opts.group, ":schema/"+name, 1), err
}

func isType(err error, name string) bool {
	e, ok := errors.AsType[*apiError](err)
	return ok && e.Type == name
}
