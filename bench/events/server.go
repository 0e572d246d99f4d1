package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// server is a running `bespoke serve` on a data folder of its own.
type server struct {
	cmd *exec.Cmd
	dir string
	env map[string]string // as `bespoke env` prints it
}

// start starts the product as its users do and waits until it answers.
func start(ctx context.Context, binary string) (*server, error) {
	dir, err := os.MkdirTemp("", "bespoke-events-")
	if err != nil {
		return nil, err
	}
	s := &server{dir: dir, env: map[string]string{}}
	s.cmd = exec.CommandContext(ctx, binary, "serve", "--data", dir, "--listen", "127.0.0.1:0", "--s3-listen", "127.0.0.1:0")
	var log bytes.Buffer
	s.cmd.Stderr = &log
	if err := s.cmd.Start(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	out, err := exec.CommandContext(ctx, binary, "env", "--data", dir, "--wait", "30s").Output()
	if err != nil {
		s.stop()
		return nil, fmt.Errorf("the server does not start: %w\n%s", err, &log)
	}
	for line := range strings.Lines(string(out)) {
		if name, value, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "export "), "="); ok {
			s.env[name] = strings.Trim(value, `'"`)
		}
	}
	return s, nil
}

func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself
	_ = s.cmd.Wait()
	_ = os.RemoveAll(s.dir)
}

const avro = `{"type":"record","name":"Interactions","namespace":"com.amazonaws.personalize.schema","version":"1.0","fields":[
	{"name":"USER_ID","type":"string"},{"name":"ITEM_ID","type":"string"},{"name":"EVENT_TYPE","type":"string"},
	{"name":"EVENT_VALUE","type":["null","float"]},{"name":"DEVICE","type":["null","string"],"categorical":true},{"name":"TIMESTAMP","type":"long"}]}`

// prepare makes an empty dataset with an event tracker and returns its tracking ID.
func (s *server) prepare(ctx context.Context) (string, error) {
	c := newClient(s, "", 0, 1)
	arns := map[string]string{}
	create := func(operation string, in map[string]string, key string) error {
		body, err := json.Marshal(in)
		if err != nil {
			return err
		}
		out, err := c.call(ctx, operation, string(body))
		if err != nil {
			return err
		}
		var answer map[string]string
		if err := json.Unmarshal(out, &answer); err != nil {
			return err
		}
		for k, v := range answer {
			arns[k] = v
		}
		if key == "" {
			return nil
		}
		return s.active(ctx, c, strings.Replace(operation, "Create", "Describe", 1), key, answer[key])
	}
	if err := create("CreateSchema", map[string]string{"name": "bench", "schema": avro}, ""); err != nil {
		return "", err
	}
	if err := create("CreateDatasetGroup", map[string]string{"name": "bench"}, "datasetGroupArn"); err != nil {
		return "", err
	}
	if err := create("CreateDataset", map[string]string{"name": "bench", "datasetType": "Interactions", "datasetGroupArn": arns["datasetGroupArn"], "schemaArn": arns["schemaArn"]}, "datasetArn"); err != nil {
		return "", err
	}
	err := create("CreateEventTracker", map[string]string{"name": "bench", "datasetGroupArn": arns["datasetGroupArn"]}, "eventTrackerArn")
	return arns["trackingId"], err
}

// active waits until a resource is ACTIVE.
func (s *server) active(ctx context.Context, c *client, describe, key, arn string) error {
	for range 500 {
		out, err := c.call(ctx, describe, fmt.Sprintf(`{%q:%q}`, key, arn))
		if err != nil {
			return err
		}
		if bytes.Contains(out, []byte(`"status":"ACTIVE"`)) {
			return nil
		}
		time.Sleep(10 * time.Millisecond) // there is nothing to wait for but asking again
	}
	return fmt.Errorf("%s does not become ACTIVE", arn)
}

// metric reads one number of the server's metrics.
func (s *server) metric(ctx context.Context, name string) (float64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.env["AWS_ENDPOINT_URL_PERSONALIZE"]+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			return strconv.ParseFloat(strings.TrimSpace(rest), 64)
		}
	}
	return 0, fmt.Errorf("there is no metric %s", name)
}

// cpu returns the processor time that the server has used, as Linux counts it, in
// hundredths of a second.
func (s *server) cpu() (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:])) // from the third on
	var ticks int64
	for _, f := range fields[11:13] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond, nil
}

// stored returns how many events the dataset has.
func (s *server) stored(ctx context.Context) (int64, error) {
	out, err := newClient(s, "", 0, 1).get(ctx, "/bespoke/v1/datasets/bench/INTERACTIONS")
	if err != nil {
		return 0, err
	}
	var content struct{ Rows struct{ Put int64 } }
	return content.Rows.Put, json.Unmarshal(out, &content)
}
