package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"bespoke/control"
	"bespoke/demo"
)

const demoExample = `bespoke demo --keep ./demo-data`

// jobProgress is an import job as the extensions show it.
type jobProgress = control.ImportProgress

// demoVerb tells the whole story in one go: it starts a server on a folder of
// its own, sets up what a Personalize user sets up, imports the shop's three
// datasets, adds to them, shows what happens to a file with a bad row, trains,
// recommends to three customers, and takes everything away again.
func demoVerb(ctx context.Context, args []string, std streams, getenv func(string) string) (err error) {
	fs := newFlags("demo", demoExample, std)
	keep := fs.String("keep", "", "folder to keep the data in; a temporary one is removed at the end")
	files := fs.String("files", "", "folder to write the shop's CSV files and Avro schemas to, instead of telling the story")
	asJSON := fs.Bool("json", false, "print the outcome of each import as JSON and nothing else")
	if err := parse(fs, args, getenv); err != nil {
		return err
	}
	if err := noArgs(fs); err != nil {
		return err
	}
	if *files != "" {
		return writeShop(*files)
	}
	dir := *keep
	if dir == "" {
		if dir, err = os.MkdirTemp("", "bespoke-demo-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	if _, err := os.Stat(filepath.Join(dir, "data")); err == nil {
		return fmt.Errorf("%s holds the data of an earlier demo; choose another folder with --keep", dir)
	}
	srv, err := startServer(ctx, serverConfig{
		data: filepath.Join(dir, "data"), listen: "127.0.0.1:0", s3Listen: "127.0.0.1:0",
		region: defaultRegion, account: defaultAccount, logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, srv.stop()) }()
	s := story{dir: dir, client: newClient(srv.where, srv.creds), std: std, quiet: *asJSON}
	if err := s.tell(ctx); err != nil {
		return err
	}
	if *asJSON {
		return printJSON(std.out, s.outcomes)
	}
	if *keep != "" {
		s.say("\nEverything is in %s. Go on with: bespoke serve --data %s", dir, filepath.Join(dir, "data"))
	}
	return nil
}

// story is one run of the demo.
type story struct {
	dir      string
	client   *client
	role     string
	std      streams
	quiet    bool
	outcomes []jobProgress
}

func (s *story) say(format string, args ...any) {
	if !s.quiet {
		fmt.Fprintf(s.std.out, format+"\n", args...)
	}
}

func (s *story) tell(ctx context.Context) error {
	begun := time.Now()
	shop, err := demo.New(demo.Config{})
	if err != nil {
		return err
	}
	s.say("A video shop: %s interactions of %s customers with %s titles, in three CSV files.",
		grouped(int64(len(shop.Interactions))), grouped(int64(len(shop.Users))), grouped(int64(len(shop.Items))))
	if err := s.makeRole(ctx); err != nil {
		return err
	}
	for _, f := range shop.Files() {
		if err := s.importFile(ctx, f); err != nil {
			return err
		}
	}
	if err := s.incremental(ctx, shop); err != nil {
		return err
	}
	if err := s.badRow(ctx, shop); err != nil {
		return err
	}
	if err := s.content(ctx); err != nil {
		return err
	}
	if err := s.recommend(ctx, shop); err != nil {
		return err
	}
	s.say("\nDone in %s.", time.Since(begun).Round(10*time.Millisecond))
	return nil
}

const (
	demoBucket = "video-shop-data"
	demoTrust  = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"personalize.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	demoPolicy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject","s3:ListBucket"],` +
		`"Resource":["arn:aws:s3:::` + demoBucket + `","arn:aws:s3:::` + demoBucket + `/*"]}]}`
)

// makeRole makes the role that the imports read with.
func (s *story) makeRole(ctx context.Context) error {
	const name = "video-shop-reader"
	s.role = fmt.Sprintf("arn:aws:iam::%s:role/%s", s.client.server.Account, name)
	s.say("The role %s may read the bucket %s and nothing else.", s.role, demoBucket)
	err := s.client.iam(ctx, "CreateRole", map[string]string{"RoleName": name, "AssumeRolePolicyDocument": demoTrust})
	if err != nil {
		return err
	}
	return s.client.iam(ctx, "PutRolePolicy", map[string]string{"RoleName": name, "PolicyName": "read", "PolicyDocument": demoPolicy})
}

func (s *story) importFile(ctx context.Context, f demo.File) error {
	s.say("\n%s: %s rows", f.Name, grouped(int64(f.Rows)))
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		return err
	}
	_, err := s.run(ctx, f, "FULL", strings.TrimSuffix(f.Name, ".csv"), b.Bytes())
	return err
}

// incremental sends the first titles again with another price, and ten new
// ones.
func (s *story) incremental(ctx context.Context, shop *demo.Shop) error {
	items := shop.Files()[1]
	lines, err := csvLines(items)
	if err != nil {
		return err
	}
	changed := append(lines[:1:1], lines[1:41]...)
	for i := 1; i <= 10; i++ {
		changed = append(changed, fmt.Sprintf("new-%d%s", i, lines[i][strings.IndexByte(lines[i], ','):]))
	}
	s.say("\nA second delivery of items: 40 titles that are there already, 10 that are new (INCREMENTAL)")
	p, err := s.run(ctx, items, "INCREMENTAL", "items-second-delivery", []byte(strings.Join(changed, "\n")+"\n"))
	if err == nil {
		s.say("%d records replaced, %d added.", p.Rows.Replaced, p.Rows.Accepted-p.Rows.Replaced)
	}
	return err
}

// badRow imports a file whose 500th line has milliseconds for seconds.
func (s *story) badRow(ctx context.Context, shop *demo.Shop) error {
	interactions := shop.Files()[0]
	lines, err := csvLines(interactions)
	if err != nil {
		return err
	}
	lines[499] += "000"
	s.say("\nThe interactions once more, with one timestamp in milliseconds:")
	p, err := s.run(ctx, interactions, "FULL", "interactions-with-a-bad-row", []byte(strings.Join(lines, "\n")+"\n"))
	if err == nil {
		return errors.New("the import of a bad row should have failed")
	}
	if p.Status != "CREATE FAILED" {
		return err
	}
	s.say("%s: %s\nThe dataset is as it was.", p.Status, p.FailureReason)
	return nil
}

func csvLines(f demo.File) ([]string, error) {
	var b strings.Builder
	err := f.Write(&b)
	return strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n"), err
}

// run writes data to a file and imports it as a user would.
func (s *story) run(ctx context.Context, f demo.File, mode, job string, data []byte) (jobProgress, error) {
	path, schema := filepath.Join(s.dir, job+".csv"), filepath.Join(s.dir, f.Name+".avsc")
	if err := errors.Join(os.WriteFile(path, data, 0o600), os.WriteFile(schema, []byte(f.Schema), 0o600)); err != nil {
		return jobProgress{}, err
	}
	im := importer{client: s.client, note: s.say, opts: importOptions{
		group: "video-shop", kind: string(f.Type), schema: schema, mode: mode, name: job, bucket: demoBucket, role: s.role,
	}}
	var show *bar
	if !s.quiet {
		show = newBar(s.std.out)
	}
	p, err := im.run(ctx, path, show)
	s.outcomes = append(s.outcomes, p)
	return p, err
}

// content shows what the datasets hold in the end.
func (s *story) content(ctx context.Context) error {
	s.say("\nWhat the datasets hold now:")
	for _, kind := range []string{"INTERACTIONS", "ITEMS", "USERS"} {
		var c control.DatasetContent
		if err := s.client.get(ctx, "/bespoke/v1/datasets/video-shop/"+kind, &c); err != nil {
			return err
		}
		s.say("  %-13s %8s rows", kind, grouped(c.Rows.Bulk+c.Rows.Put))
	}
	return nil
}
