package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"bespoke"
	"bespoke/eval"
	"bespoke/history"
	"bespoke/recipe"
	"bespoke/recipe/catalog"
)

const evaluateExample = `bespoke evaluate --interactions interactions.csv --items items.csv --recipe aws-user-personalization-v2`

// evaluateOptions are the flags of the evaluate verb.
type evaluateOptions struct {
	interactions, items, users, test string
	eventType                        string
	recipe                           recipe.Recipe
	seed                             uint64
	keepSeen, asJSON                 bool
}

// evaluate trains a recipe on CSV files and says how well it finds what was
// held out. It needs no server.
func evaluate(ctx context.Context, args []string, std streams, getenv func(string) string) error {
	fs := newFlags("evaluate", evaluateExample, std)
	o, err := parseEvaluate(fs, args, getenv)
	if err != nil {
		return err
	}
	in, tests, err := o.read()
	if err != nil {
		return err
	}
	if len(tests) == 0 {
		return errors.New("there is nothing to find: no user has two interactions, or the file of --test has no rows")
	}
	start := time.Now()
	m, err := o.recipe.Fit(ctx, in)
	if e, ok := errors.AsType[*bespoke.Error](err); ok {
		return errors.New(e.Msg) // the code is for SDKs
	}
	if err != nil {
		return err
	}
	e := evaluation{Recipe: o.recipe.Name, Interactions: in.Interactions.Len(), Items: m.Items().Len(), FitSeconds: time.Since(start).Seconds()}
	start = time.Now()
	f, err := eval.Measure(ctx, m, tests, eval.Options{KeepSeen: o.keepSeen, Related: o.recipe.Type == recipe.RelatedItems, Attributes: in.Attributes})
	if err != nil {
		return err
	}
	e.figures(f)
	e.RankMillis = time.Since(start).Seconds() * 1000 * float64(runtime.GOMAXPROCS(0)) / float64(len(tests))
	e.PeakBytes = peakMemory()
	if o.asJSON {
		return printJSON(std.out, e)
	}
	return e.print(std.out)
}

func parseEvaluate(fs *flag.FlagSet, args []string, getenv func(string) string) (o evaluateOptions, err error) {
	name := ""
	fs.StringVar(&o.interactions, "interactions", "", "CSV file with USER_ID, ITEM_ID and TIMESTAMP; required")
	fs.StringVar(&o.items, "items", "", "CSV file with ITEM_ID and what is known of the items")
	fs.StringVar(&o.users, "users", "", "CSV file with USER_ID and what is known of the users")
	fs.StringVar(&name, "recipe", "aws-user-personalization-v2", "what to train")
	fs.StringVar(&o.test, "test", "", "CSV file of interactions that are to be found; without it, the newest of each user")
	fs.StringVar(&o.eventType, "event-type", "", "only interactions of this EVENT_TYPE")
	fs.Uint64Var(&o.seed, "seed", 1, "of what training draws by chance")
	fs.BoolVar(&o.keepSeen, "keep-seen", false, "let answers have items of the user's own history")
	fs.BoolVar(&o.asJSON, "json", false, "print JSON")
	if err := parse(fs, args, getenv); err != nil {
		return o, err
	}
	if err := noArgs(fs); err != nil {
		return o, err
	}
	if o.interactions == "" {
		return o, usageError{"give the file of interactions with --interactions"}
	}
	found := false
	if o.recipe, found = catalog.Find(name); !found {
		var names []string
		for _, r := range catalog.All() {
			names = append(names, r.Name)
		}
		return o, usageError{fmt.Sprintf("--recipe %q is none of %s", name, strings.Join(names, ", "))}
	}
	return o, nil
}

// read reads the files and splits off what is to be found.
func (o evaluateOptions) read() (in recipe.Input, tests []eval.Test, err error) {
	in = recipe.Input{Seed: o.seed, Workers: runtime.GOMAXPROCS(0)}
	if in.Items, err = readMetadata(o.items, "ITEM_ID"); err != nil {
		return in, nil, err
	}
	if in.Users, err = readMetadata(o.users, "USER_ID"); err != nil {
		return in, nil, err
	}
	h, train, err := o.readInteractions()
	if err != nil {
		return in, nil, err
	}
	if o.test == "" {
		in.Interactions, tests = eval.LastOut(h)
	} else {
		in.Interactions, tests = eval.From(h, train)
	}
	return in, tests, nil
}

// readInteractions returns the interactions of both files, one behind the other,
// and the number of those for training.
func (o evaluateOptions) readInteractions() (h *history.History, train int, err error) {
	var b history.Builder
	if err := readFile(o.interactions, func(r io.Reader) error { return history.ReadCSV(&b, r) }); err != nil {
		return nil, 0, err
	}
	train = b.Len()
	if o.test != "" {
		if err := readFile(o.test, func(r io.Reader) error { return history.ReadCSV(&b, r) }); err != nil {
			return nil, 0, err
		}
	}
	h = b.History()
	h.GuessContext()
	if o.eventType == "" {
		return h, train, nil
	}
	if !slices.Contains(h.EventTypes, o.eventType) {
		return nil, 0, usageError{fmt.Sprintf("--event-type %q: the interactions have %q", o.eventType, h.EventTypes[1:])}
	}
	all := h
	h = all.Filter(history.Rule{EventType: o.eventType})
	first := all.Select(func(row int) bool { return row < train })
	return h, first.Filter(history.Rule{EventType: o.eventType}).Len(), nil
}

func readMetadata(path, id string) (m *history.Metadata, err error) {
	if path == "" {
		return nil, nil
	}
	err = readFile(path, func(r io.Reader) (err error) {
		m, err = history.ReadMetadataCSV(r, id)
		return err
	})
	return m, err
}

// readFile calls read with an open file; errors name it.
func readFile(path string, read func(io.Reader) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := read(f); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
