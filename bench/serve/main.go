// Serve compares GetRecommendations with a bare net/http handler that answers
// with a constant JSON text of the same size, in the same run: the same
// requests, signed beforehand, over as many connections. The signatures of ours
// are checked, and the bare handler reads the body and looks at nothing. Server,
// peer and clients share the machine's processors.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// settings are the command's flags.
type settings struct {
	binary, dir, recipe        string
	items, users, interactions int
	connections, rounds        int
	results                    int
	duration                   time.Duration
}

func main() {
	var s settings
	flag.StringVar(&s.binary, "bespoke", "../bin/bespoke", "the product's binary")
	flag.StringVar(&s.dir, "dir", filepath.Join(os.TempDir(), "bespoke-bench-serve"), "folder for generated input and the data folder; removed at the end")
	flag.StringVar(&s.recipe, "recipe", "aws-user-personalization-v2", "the recipe to train")
	flag.IntVar(&s.items, "items", 100_000, "items of the catalogue")
	flag.IntVar(&s.users, "users", 20_000, "users")
	flag.IntVar(&s.interactions, "interactions", 1_000_000, "interactions to train on")
	flag.IntVar(&s.results, "results", 25, "items of an answer")
	flag.IntVar(&s.connections, "connections", 32, "connections that are kept busy")
	flag.IntVar(&s.rounds, "rounds", 5, "rounds of each side, which alternate; medians are shown")
	flag.DurationVar(&s.duration, "duration", 3*time.Second, "length of a round")
	bare := flag.Int("bare", 0, "be the peer: answer every request with so many `bytes` of JSON")
	flag.Parse()
	var err error
	if *bare > 0 {
		err = serveBare(*bare)
	} else {
		err = run(context.Background(), s)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// serveBare is the peer. It prints its address and serves until its standard
// input ends. It gets the threads that the product gives itself, and is the faster for
// it.
func serveBare(size int) error {
	if procs := runtime.GOMAXPROCS(0); procs == runtime.NumCPU() {
		runtime.GOMAXPROCS(procs + min(procs, 4))
	}
	body := []byte(`{"itemList":"` + strings.Repeat("x", max(size-15, 0)) + `"}`)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body)
	}))
	fmt.Println(l.Addr())
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func run(ctx context.Context, s settings) (err error) {
	if err := os.RemoveAll(s.dir); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(s.dir)) }()
	c, err := startCampaign(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Stop()) }()
	requests, err := c.requests()
	if err != nil {
		return err
	}
	size, err := probe(c.address, requests[0])
	if err != nil {
		return err
	}
	peer, err := startBare(ctx, size)
	if err != nil {
		return err
	}
	defer peer.stop()
	var ours, theirs []figures
	for range s.rounds {
		a, err := load(s, c.address, requests)
		if err != nil {
			return fmt.Errorf("bespoke: %w", err)
		}
		b, err := load(s, peer.address, requests)
		if err != nil {
			return fmt.Errorf("the bare handler: %w", err)
		}
		ours, theirs = append(ours, a), append(theirs, b)
	}
	fmt.Printf("%s, %d items, %d users, %d interactions; %d results, %d bytes; %d connections, %d rounds of %s\n\n",
		s.recipe, s.items, s.users, s.interactions, s.results, size, s.connections, s.rounds, s.duration)
	fmt.Printf("%-28s %12s %10s %10s %10s\n", "", "requests/s", "p50 ms", "p99 ms", "max ms")
	a, b := median(ours), median(theirs)
	row("bare net/http handler", b)
	row("GetRecommendations, SigV4", a)
	fmt.Printf("\nratio %.2f (mark: at least 0.50), p99 %.2f ms (mark: under 5 ms)\n", a.rate/b.rate, ms(a.p99))
	return nil
}

// figures are those of one round.
type figures struct {
	rate          float64
	p50, p99, max time.Duration
}

func row(name string, f figures) {
	fmt.Printf("%-28s %12.0f %10.2f %10.2f %10.2f\n", name, f.rate, ms(f.p50), ms(f.p99), ms(f.max))
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// median takes the median of each figure.
func median(all []figures) figures {
	pick := func(less func(a, b figures) int) figures {
		sorted := slices.SortedFunc(slices.Values(all), less)
		return sorted[len(sorted)/2]
	}
	return figures{
		rate: pick(func(a, b figures) int { return int(a.rate - b.rate) }).rate,
		p50:  pick(func(a, b figures) int { return int(a.p50 - b.p50) }).p50,
		p99:  pick(func(a, b figures) int { return int(a.p99 - b.p99) }).p99,
		max:  pick(func(a, b figures) int { return int(a.max - b.max) }).max,
	}
}
