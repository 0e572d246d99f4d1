// Events measures how fast the product takes in events: the server as it is used, on a
// data folder of its own, and signed PutEvents calls over loopback from several
// connections, each of which sends its next call when the last one is answered.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"
)

// settings are the command's flags.
type settings struct {
	binary      string
	connections int
	events      int // of a call
	took        time.Duration
	warm        time.Duration
}

func main() {
	var s settings
	flag.StringVar(&s.binary, "bespoke", "../bin/bespoke", "the product's binary")
	flag.IntVar(&s.connections, "connections", 16, "connections that send at the same time")
	flag.IntVar(&s.events, "events", 1, "events of a call, from 1 to 10")
	flag.DurationVar(&s.took, "for", 15*time.Second, "how long to measure")
	flag.DurationVar(&s.warm, "warm", 2*time.Second, "how long to send before that")
	flag.Parse()
	if err := run(context.Background(), s); err != nil {
		fmt.Fprintln(os.Stderr, "bench events:", err)
		os.Exit(1)
	}
}

// The marks: what two cores that do nothing else should reach.
const (
	markRate = 5000 // events a second
	markP99  = 50 * time.Millisecond
)

func run(ctx context.Context, s settings) error {
	srv, err := start(ctx, s.binary)
	if err != nil {
		return err
	}
	defer srv.stop()
	tracking, err := srv.prepare(ctx)
	if err != nil {
		return err
	}
	warm, err := load(ctx, srv, tracking, s, s.warm)
	if err != nil {
		return err
	}
	before, err := srv.metric(ctx, "bespoke_record_syncs_total")
	if err != nil {
		return err
	}
	cpu, err := srv.cpu()
	if err != nil {
		return err
	}
	began := time.Now()
	took, err := load(ctx, srv, tracking, s, s.took)
	if err != nil {
		return err
	}
	seconds := time.Since(began).Seconds()
	after, err := srv.metric(ctx, "bespoke_record_syncs_total")
	if err != nil {
		return err
	}
	used, err := srv.cpu()
	if err != nil {
		return err
	}
	sent := int64((len(warm) + len(took)) * s.events)
	stored, err := srv.stored(ctx)
	if err != nil {
		return err
	}
	slices.Sort(took)
	rate, p99 := float64(len(took)*s.events)/seconds, quantile(took, 0.99)
	fmt.Printf("%d connections, %d events a call, %.0f s\n\n", s.connections, s.events, seconds)
	fmt.Printf("events/s        %10.0f\n", rate)
	fmt.Printf("p50             %10s\n", quantile(took, 0.5).Round(10*time.Microsecond))
	fmt.Printf("p99             %10s\n", p99.Round(10*time.Microsecond))
	fmt.Printf("longest         %10s\n", took[len(took)-1].Round(10*time.Microsecond))
	fmt.Printf("synced writes/s %10.0f\n", (after-before)/seconds)
	fmt.Printf("server's CPU    %10s an event\n", ((used - cpu) / time.Duration(len(took)*s.events)).Round(100*time.Nanosecond))
	fmt.Printf("acknowledged    %10d\nin the dataset  %10d\n\n", sent, stored)
	if stored != sent {
		return fmt.Errorf("%d events were acknowledged, the dataset has %d", sent, stored)
	}
	verdict := "reached"
	if rate < markRate || p99 >= markP99 {
		verdict = "missed"
	}
	fmt.Printf("%s: at least %d events/s with p99 under %s\n", verdict, markRate, markP99)
	return nil
}

func quantile(sorted []time.Duration, q float64) time.Duration {
	return sorted[min(len(sorted)-1, int(float64(len(sorted))*q))]
}

// load sends calls on all connections for a while and returns how long each took.
func load(ctx context.Context, srv *server, tracking string, s settings, d time.Duration) (all []time.Duration, err error) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	until := time.Now().Add(d)
	for n := range s.connections {
		wg.Go(func() {
			took, failed := newClient(srv, tracking, n, s.events).send(ctx, until)
			mu.Lock()
			defer mu.Unlock()
			all = append(all, took...)
			if failed != nil {
				err = failed
			}
		})
	}
	wg.Wait()
	return all, err
}
