package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"time"

	"bespoke/bench/product"
)

// What the server trains on, and by which recipe.
const (
	trainRows, trainItems, trainUsers = 1_000_000, 3_500, 20_000
	trainRecipe                       = "aws-user-personalization-v2"
)

// train has a server of the product train, and prints how long the version took
// from its creation until it was ACTIVE, and its phases.
func train(ctx context.Context, binary string) (err error) {
	dir, err := os.MkdirTemp("", "bespoke-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	csv := filepath.Join(dir, "interactions.csv")
	if err := generateCSV(csv); err != nil {
		return err
	}
	server, err := product.Start(ctx, binary, filepath.Join(dir, "data"))
	if err != nil {
		return err
	}
	running := true
	defer func() {
		if running {
			err = errors.Join(err, server.Stop())
		}
	}()
	if err := server.Import(ctx, "bench", csv); err != nil {
		return err
	}
	solution, err := server.Make(ctx, "Solution", map[string]any{
		"name": "bench", "datasetGroupArn": server.ARN("dataset-group/bench"), "recipeArn": "arn:aws:personalize:::recipe/" + trainRecipe, "performAutoTraining": false,
	})
	if err != nil {
		return err
	}
	begun := time.Now()
	version, err := server.Make(ctx, "SolutionVersion", map[string]any{"solutionArn": solution})
	if err != nil {
		return err
	}
	took := time.Since(begun)
	var training struct {
		Phases []struct {
			Name string
			Took time.Duration
		}
	}
	if err := server.Get(ctx, "solutions/bench/versions/"+path.Base(version), &training); err != nil {
		return err
	}
	running = false
	if err := server.Stop(); err != nil {
		return err
	}
	cpu, peak := server.Used()
	fmt.Printf("\n| %s, %d interactions, %d users, %d items | seconds | mark |\n|---|---|---|\n", trainRecipe, trainRows, trainUsers, trainItems)
	fmt.Printf("| create to ACTIVE | %.1f | under 60 |\n", took.Seconds())
	for _, p := range training.Phases {
		fmt.Printf("| %s | %.1f | |\n", p.Name, p.Took.Seconds())
	}
	fmt.Printf("| CPU of the server, import and training | %.1f | |\n| peak MiB | %d | |\n", cpu.Seconds(), peak>>20)
	return nil
}

// generateCSV writes interactions of users who each like three of 50 kinds of
// items, users and the items of a kind by a distribution close to Zipf's. Every
// item occurs.
func generateCSV(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	const kinds = 50
	w, r := bufio.NewWriterSize(f, 1<<20), rand.New(rand.NewPCG(1, 2))
	rank := func(n int) int {
		a := float64(n) / 50
		return int(a * (math.Pow((float64(n)+a)/a, r.Float64()) - 1))
	}
	fmt.Fprintln(w, "USER_ID,ITEM_ID,TIMESTAMP")
	for i := range trainRows {
		user, item := rank(trainUsers), i
		if i >= trainItems {
			kind := (user*7919 + r.IntN(3)*104_729) % kinds
			if r.IntN(5) == 0 {
				kind = r.IntN(kinds)
			}
			item = rank(trainItems/kinds)*kinds + kind
		}
		fmt.Fprintf(w, "user-%d,item-%d,%d\n", user, item, 1_700_000_000+60*i)
	}
	return w.Flush()
}
