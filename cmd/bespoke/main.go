// Command bespoke is Amazon Personalize's API on one's own machine: the server
// and the verbs that go with it. It wires the packages of this module together
// and holds no behaviour of its own; run reads the verb, one file holds each.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// version is set by the linker.
var version = "development"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}, os.Getenv)
	stop()
	os.Exit(code)
}

// streams are the three files of a process.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// A verb is one subcommand. It parses args itself, with flags as its flag set
// made by [newFlags].
type verb struct {
	name, summary string
	run           func(ctx context.Context, args []string, std streams, getenv func(string) string) error
}

var verbs = []verb{
	{"serve", "run the server", serveVerb},
	{"env", "print the environment that points AWS SDKs at the running server", env},
	{"import", "import a file or s3:// location and watch it", importVerb},
	{"validate", "check files against a schema, without a server", validate},
	{"evaluate", "train on files and say how well held-out interactions are found, without a server", evaluate},
	{"demo", "the whole story on a data set that ships with bespoke", demoVerb},
	{"version", "print the version", printVersion},
}

// run is the whole program but for the process around it. It returns the exit
// status: 0 for success, 1 for failure, 2 for wrong usage.
func run(ctx context.Context, args []string, std streams, getenv func(string) string) int {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		fmt.Fprint(std.out, usage())
		return 0
	}
	for _, v := range verbs {
		if v.name != args[0] {
			continue
		}
		err := v.run(ctx, args[1:], std, getenv)
		var wrong usageError
		switch {
		case err == nil, errors.Is(err, flag.ErrHelp):
			return 0
		case errors.As(err, &wrong):
			fmt.Fprintf(std.err, "bespoke %s: %v\nbespoke %s --help shows how it is used.\n", v.name, err, v.name)
			return 2
		default:
			fmt.Fprintf(std.err, "bespoke %s: %v\n", v.name, err)
			return 1
		}
	}
	fmt.Fprintf(std.err, "bespoke: no verb %q\n\n%s", args[0], usage())
	return 2
}

func usage() string {
	var b strings.Builder
	b.WriteString("bespoke is Amazon Personalize's API on your own machine.\n\nUsage: bespoke VERB [flags]\n\n")
	for _, v := range verbs {
		fmt.Fprintf(&b, "  %-9s %s\n", v.name, v.summary)
	}
	b.WriteString("\nbespoke VERB --help shows a verb's flags and an example.\n")
	return b.String()
}

func printVersion(_ context.Context, args []string, std streams, getenv func(string) string) error {
	fs := newFlags("version", "bespoke version --json", std)
	asJSON := fs.Bool("json", false, "print JSON")
	if err := parse(fs, args, getenv); err != nil {
		return err
	}
	if err := noArgs(fs); err != nil {
		return err
	}
	if *asJSON {
		return printJSON(std.out, map[string]string{"version": version})
	}
	_, err := fmt.Fprintln(std.out, "bespoke", version)
	return err
}
