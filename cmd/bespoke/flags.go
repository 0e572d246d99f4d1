package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

// usageError is a wrong command line: the exit status is 2.
type usageError struct{ msg string }

func (e usageError) Error() string { return e.msg }

// newFlags returns the flag set of a verb. Its help shows example.
func newFlags(name, example string, std streams) *flag.FlagSet {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(std.out)
	fs.Usage = func() {
		fmt.Fprintf(std.out, "Example:\n  %s\n\nFlags (each may be set by the environment variable in brackets):\n", example)
		fs.VisitAll(func(f *flag.Flag) {
			def := ""
			if f.DefValue != "" && f.DefValue != "false" {
				def = fmt.Sprintf(" (default %s)", f.DefValue)
			}
			fmt.Fprintf(std.out, "  --%s [%s]\n        %s%s\n", f.Name, envName(f.Name), f.Usage, def)
		})
	}
	return fs
}

// envName is the environment variable of a flag: --s3-listen is
// BESPOKE_S3_LISTEN.
func envName(name string) string {
	return "BESPOKE_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// parse takes each flag from the command line, else from its environment
// variable, else its default. Arguments that are not flags remain in fs.
func parse(fs *flag.FlagSet, args []string, getenv func(string) string) error {
	var errs []error
	fs.VisitAll(func(f *flag.Flag) {
		if v := getenv(envName(f.Name)); v != "" {
			if err := f.Value.Set(v); err != nil {
				errs = append(errs, fmt.Errorf("%s=%q: %w", envName(f.Name), v, err))
			}
		}
	})
	if len(errs) > 0 {
		return usageError{errors.Join(errs...).Error()}
	}
	// The flag package prints its own message and the usage; the message comes
	// back as the error, once.
	out := fs.Output()
	fs.SetOutput(io.Discard)
	help := fs.Usage
	fs.Usage = func() {}
	err := fs.Parse(args)
	fs.SetOutput(out)
	fs.Usage = help
	switch {
	case errors.Is(err, flag.ErrHelp):
		fs.Usage()
		return flag.ErrHelp
	case err != nil:
		return usageError{err.Error()}
	}
	return nil
}

// noArgs refuses arguments that are not flags.
func noArgs(fs *flag.FlagSet) error {
	if fs.NArg() > 0 {
		return usageError{fmt.Sprintf("unexpected argument %q", fs.Arg(0))}
	}
	return nil
}

func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
