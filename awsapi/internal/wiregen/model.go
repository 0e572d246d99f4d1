package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// service is one file of the API model.
type service struct {
	Metadata struct {
		ServiceID    string `json:"serviceId"`
		Protocol     string `json:"protocol"` // json or rest-json
		TargetPrefix string `json:"targetPrefix"`
	} `json:"metadata"`
	Operations ordered[operation] `json:"operations"`
	Shapes     ordered[*shape]    `json:"shapes"`
}

type operation struct {
	HTTP struct {
		Method string `json:"method"`
		Path   string `json:"requestUri"`
	} `json:"http"`
	Input  *ref  `json:"input"`
	Output *ref  `json:"output"`
	Errors []ref `json:"errors"`
}

// ref points to a shape of the same service.
type ref struct {
	Shape string `json:"shape"`
}

// shape is a type of the model. Min and Max bound the characters of a string,
// the elements of a list or map, or the value of a number.
type shape struct {
	Type      string       `json:"type"`
	Required  []string     `json:"required"`
	Members   ordered[ref] `json:"members"`
	Member    ref          `json:"member"`
	Key       ref          `json:"key"`
	Value     ref          `json:"value"`
	Min       *float64     `json:"min"`
	Max       *float64     `json:"max"`
	Pattern   string       `json:"pattern"`
	Enum      []string     `json:"enum"`
	Sensitive bool         `json:"sensitive"`
	Exception bool         `json:"exception"`
	Error     struct {
		Status int `json:"httpStatusCode"`
	} `json:"error"`
}

// The services in the order their generated code appears. prefix goes before
// the names of structures that another service has already taken.
var serviceFiles = []struct{ file, name, prefix string }{
	{"personalize.json", "Control", ""},
	{"personalize-events.json", "Events", "Events"},
	{"personalize-runtime.json", "Runtime", "Runtime"},
}

func load(dir string) ([]service, error) {
	var out []service
	for _, f := range serviceFiles {
		text, err := os.ReadFile(filepath.Join(dir, f.file))
		if err != nil {
			return nil, err
		}
		var s service
		if err := json.Unmarshal(text, &s); err != nil {
			return nil, fmt.Errorf("%s: %w", f.file, err)
		}
		out = append(out, s)
	}
	return out, nil
}

// ordered is a JSON object that remembers the order of its members: violations
// are reported, and structures laid out, as the model has them.
type ordered[T any] []entry[T]

type entry[T any] struct {
	Name  string
	Value T
}

func (o *ordered[T]) UnmarshalJSON(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		e := entry[T]{Name: name.(string)}
		if err := d.Decode(&e.Value); err != nil {
			return err
		}
		*o = append(*o, e)
	}
	return nil
}

func (o ordered[T]) get(name string) (T, bool) {
	for _, e := range o {
		if e.Name == name {
			return e.Value, true
		}
	}
	var zero T
	return zero, false
}
