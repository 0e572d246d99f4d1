// Models compares the recipes with rivals on the same split in one run: the
// newest interaction of each user is held out and all items are ranked. With
// -python it also compares ALS with the Python package implicit on generated data,
// and with -bespoke it says how long a server takes to train.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"bespoke/demo"
	"bespoke/eval"
	"bespoke/history"
	"bespoke/recipe"
	"bespoke/recipe/catalog"
)

func main() {
	data := flag.String("data", "", "comma-separated CSV files of interactions; without them, the data that ships with bespoke")
	python := flag.String("python", "", "a Python with the package implicit, to compare ALS with")
	rows := flag.Int("rows", 10_000_000, "interactions of the comparison of ALS")
	binary := flag.String("bespoke", "", "the product's binary, to train through a server")
	rounds := flag.Int("rounds", 1, "rounds of the comparison of ALS, whose medians are shown")
	fit := flag.String("fit", "", "be our side of the comparison of ALS: FOLDER,ITEMS,FACTORS,ITERATIONS,CONFIDENCE,LAMBDA,WORKERS")
	flag.Parse()
	var err error
	if *fit != "" {
		err = fitOurs(context.Background(), *fit)
	} else {
		err = run(context.Background(), *data, *python, *binary, *rows, *rounds)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, data, python, binary string, rows, rounds int) error {
	sets := []string{""}
	if data != "" {
		sets = strings.Split(data, ",")
	}
	fmt.Println("| data | model | NDCG@10 | HR@10 | MRR@25 | coverage | fit |\n|---|---|---|---|---|---|---|")
	for _, path := range sets {
		h, name, err := read(path)
		if err != nil {
			return err
		}
		if err := compare(ctx, h, name); err != nil {
			return err
		}
	}
	if binary != "" {
		if err := train(ctx, binary); err != nil {
			return err
		}
	}
	if python == "" {
		return nil
	}
	return compareALS(ctx, python, rows, rounds)
}

// read reads a file, or makes the demo's shop and returns what was watched.
func read(path string) (*history.History, string, error) {
	var b history.Builder
	if path == "" {
		shop, err := demo.New(demo.Config{})
		if err != nil {
			return nil, "", err
		}
		for _, i := range shop.Interactions {
			if i.Watch {
				if err := b.Add(history.Interaction{User: shop.Users[i.User].ID, Item: shop.Items[i.Item].ID, Time: i.Time}); err != nil {
					return nil, "", err
				}
			}
		}
		return b.History(), "demo", nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, "", err
	}
	defer f.Close()
	if err := history.ReadCSV(&b, f); err != nil {
		return nil, "", fmt.Errorf("%s: %w", path, err)
	}
	return b.History(), path, nil
}

func compare(ctx context.Context, h *history.History, name string) error {
	train, tests := eval.LastOut(h)
	in := recipe.Input{Interactions: train, Seed: 1, Workers: runtime.GOMAXPROCS(0)}
	row := func(model string, fit func() (recipe.Model, error)) error {
		start := time.Now()
		m, err := fit()
		if err != nil {
			fmt.Printf("| %s | %s | %v | | | | |\n", name, model, err)
			return nil
		}
		took := time.Since(start)
		f, err := eval.Measure(ctx, m, tests, eval.Options{})
		fmt.Printf("| %s | %s | %.4f | %.4f | %.4f | %.4f | %.2f s |\n", name, model, f.NDCG[1], f.HitRate[1], f.MRR, f.Coverage, took.Seconds())
		return err
	}
	for _, recipeName := range []string{"aws-popularity-count", "aws-user-personalization-v2"} {
		r, _ := catalog.Find(recipeName)
		if err := row(recipeName, func() (recipe.Model, error) { return r.Fit(ctx, in) }); err != nil {
			return err
		}
	}
	return row("EASE, λ = 300", func() (recipe.Model, error) { return fitEASE(train, 300) })
}
