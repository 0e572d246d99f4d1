package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"bespoke/bench/product"
)

// campaign is a server of the product with a campaign.
type campaign struct {
	settings
	*product.Server
	arn     string
	address string // host:port
}

// startCampaign starts the product as its users do, imports and trains.
func startCampaign(ctx context.Context, s settings) (*campaign, error) {
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return nil, err
	}
	server, err := product.Start(ctx, s.binary, filepath.Join(s.dir, "data"))
	if err != nil {
		return nil, err
	}
	c := &campaign{settings: s, Server: server, address: strings.TrimPrefix(server.Endpoint(), "http://")}
	if err := c.prepare(ctx); err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	return c, nil
}

func (c *campaign) prepare(ctx context.Context) error {
	csv := filepath.Join(c.dir, "interactions.csv")
	if err := c.generate(csv); err != nil {
		return err
	}
	if err := c.Import(ctx, "bench", csv); err != nil {
		return err
	}
	solution, err := c.Make(ctx, "Solution", map[string]any{
		"name": "bench", "datasetGroupArn": c.ARN("dataset-group/bench"), "recipeArn": "arn:aws:personalize:::recipe/" + c.recipe, "performAutoTraining": false,
	})
	if err != nil {
		return err
	}
	begun := time.Now()
	version, err := c.Make(ctx, "SolutionVersion", map[string]any{"solutionArn": solution})
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "trained in %s\n", time.Since(begun).Round(100*time.Millisecond))
	c.arn, err = c.Make(ctx, "Campaign", map[string]any{"name": "bench", "solutionVersionArn": version})
	return err
}

// tastes is how many groups the items fall into.
const tastes = 200

// generate writes interactions in which every item occurs, users and items by a
// distribution close to Zipf's. A user keeps to three tastes and often goes on to
// the next item of one, so that there is something to learn.
func (c *campaign) generate(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	r := rand.New(rand.NewPCG(1, 2))
	rank := func(n int) int {
		a := float64(n) / 50
		return int(a * (math.Pow((float64(n)+a)/a, r.Float64()) - 1))
	}
	fmt.Fprintln(w, "USER_ID,ITEM_ID,TIMESTAMP")
	last := make([]int, c.users)
	for i := range c.interactions {
		user, item := rank(c.users), i
		if i >= c.items {
			switch x := r.Float64(); {
			case x < 0.3:
				item = (last[user] + tastes) % c.items
			case x < 0.8:
				item = rank(c.items/tastes)*tastes + (31*user+77*r.IntN(3))%tastes
			default:
				item = rank(c.items)
			}
		}
		last[user] = item
		fmt.Fprintf(w, "user-%d,item-%06d,%d\n", user, item, 1_700_000_000+i)
	}
	return w.Flush()
}

// requests returns the bytes of signed requests, one for each user.
func (c *campaign) requests() (all [][]byte, err error) {
	for u := range c.users {
		body := fmt.Appendf(nil, `{"campaignArn":%q,"userId":"user-%d","numResults":%d}`, c.arn, u*7919%c.users, c.results)
		req, err := http.NewRequest(http.MethodPost, "http://"+c.address+"/recommendations", bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("User-Agent", "bench")
		if err := c.Sign(req, body); err != nil {
			return nil, err
		}
		var b bytes.Buffer
		if err := req.Write(&b); err != nil {
			return nil, err
		}
		all = append(all, b.Bytes())
	}
	return all, nil
}

// bare is the peer as a process of its own.
type bare struct {
	cmd     *exec.Cmd
	in      io.Closer
	address string
}

func startBare(ctx context.Context, size int) (*bare, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	b := &bare{cmd: exec.CommandContext(ctx, self, "-bare", fmt.Sprint(size))}
	if b.in, err = b.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := b.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := b.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	b.address = strings.TrimSpace(line)
	return b, err
}

func (b *bare) stop() {
	b.in.Close()
	b.cmd.Wait()
}
