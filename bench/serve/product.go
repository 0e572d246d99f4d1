package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
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
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// product is a running `bespoke serve` with a campaign.
type product struct {
	settings
	cmd      *exec.Cmd
	log      bytes.Buffer
	env      map[string]string
	address  string // host:port
	campaign string
}

// startProduct starts the product as its users do, imports and trains.
func startProduct(ctx context.Context, s settings) (*product, error) {
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return nil, err
	}
	data := filepath.Join(s.dir, "data")
	p := &product{settings: s}
	p.cmd = exec.CommandContext(ctx, s.binary, "serve", "--data", data, "--listen", "127.0.0.1:0", "--s3-listen", "127.0.0.1:0")
	p.cmd.Stderr = &p.log
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	if err := p.prepare(ctx, data); err != nil {
		return nil, errors.Join(fmt.Errorf("%w\n%s", err, p.log.String()), p.stop())
	}
	return p, nil
}

func (p *product) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return p.cmd.Wait()
}

func (p *product) prepare(ctx context.Context, data string) error {
	out, err := exec.CommandContext(ctx, p.binary, "env", "--data", data, "--json", "--wait", "30s").Output()
	if err != nil {
		return fmt.Errorf("the server does not start: %w", err)
	}
	if err := json.Unmarshal(out, &p.env); err != nil {
		return err
	}
	p.address = strings.TrimPrefix(p.env["AWS_ENDPOINT_URL_PERSONALIZE"], "http://")
	csv := filepath.Join(p.dir, "interactions.csv")
	if err := p.generate(csv); err != nil {
		return err
	}
	if out, err := exec.CommandContext(ctx, p.binary, "import", "--json", "--data", data, "--dataset-group", "bench", csv).CombinedOutput(); err != nil {
		return fmt.Errorf("import: %w: %s", err, out)
	}
	account := "arn:aws:personalize:" + p.env["AWS_REGION"] + ":000000000000:"
	solution, err := p.make(ctx, "Solution", map[string]any{
		"name": "bench", "datasetGroupArn": account + "dataset-group/bench", "recipeArn": "arn:aws:personalize:::recipe/" + p.recipe, "performAutoTraining": false,
	})
	if err != nil {
		return err
	}
	begun := time.Now()
	version, err := p.make(ctx, "SolutionVersion", map[string]any{"solutionArn": solution})
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "trained in %s\n", time.Since(begun).Round(100*time.Millisecond))
	p.campaign, err = p.make(ctx, "Campaign", map[string]any{"name": "bench", "solutionVersionArn": version})
	return err
}

// tastes is how many groups the items fall into.
const tastes = 200

// generate writes interactions in which every item occurs, users and items by a
// distribution close to Zipf's. A user keeps to three tastes and often goes on to
// the next item of one, so that there is something to learn.
func (p *product) generate(path string) error {
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
	last := make([]int, p.users)
	for i := range p.interactions {
		user, item := rank(p.users), i
		if i >= p.items {
			switch x := r.Float64(); {
			case x < 0.3:
				item = (last[user] + tastes) % p.items
			case x < 0.8:
				item = rank(p.items/tastes)*tastes + (31*user+77*r.IntN(3))%tastes
			default:
				item = rank(p.items)
			}
		}
		last[user] = item
		fmt.Fprintf(w, "user-%d,item-%06d,%d\n", user, item, 1_700_000_000+i)
	}
	return w.Flush()
}

// make creates a resource and waits until it is ACTIVE.
func (p *product) make(ctx context.Context, kind string, in map[string]any) (arn string, err error) {
	var created map[string]string
	if err := p.call(ctx, "Create"+kind, in, &created); err != nil {
		return "", err
	}
	member := strings.ToLower(kind[:1]) + kind[1:]
	for {
		var out map[string]map[string]any
		if err := p.call(ctx, "Describe"+kind, map[string]any{member + "Arn": created[member+"Arn"]}, &out); err != nil {
			return "", err
		}
		switch r := out[member]; r["status"] {
		case "ACTIVE":
			return created[member+"Arn"], nil
		case "CREATE FAILED":
			return "", fmt.Errorf("%s: %v", kind, r["failureReason"])
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// call sends one request of the control plane.
func (p *product) call(ctx context.Context, operation string, in map[string]any, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+p.address+"/", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("X-Amz-Target", "AmazonPersonalize."+operation)
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	if err := p.sign(ctx, req, body); err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", operation, resp.Status, answer)
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(answer, out)
}

func (p *product) sign(ctx context.Context, req *http.Request, body []byte) error {
	sum := sha256.Sum256(body)
	key := aws.Credentials{AccessKeyID: p.env["AWS_ACCESS_KEY_ID"], SecretAccessKey: p.env["AWS_SECRET_ACCESS_KEY"]}
	return v4.NewSigner().SignHTTP(ctx, key, req, hex.EncodeToString(sum[:]), "personalize", p.env["AWS_REGION"], time.Now())
}

// requests returns the bytes of signed requests, one for each user.
func (p *product) requests() (all [][]byte, err error) {
	for u := range p.users {
		body := fmt.Appendf(nil, `{"campaignArn":%q,"userId":"user-%d","numResults":%d}`, p.campaign, u*7919%p.users, p.results)
		req, err := http.NewRequest(http.MethodPost, "http://"+p.address+"/recommendations", bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("User-Agent", "bench")
		if err := p.sign(context.Background(), req, body); err != nil {
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
