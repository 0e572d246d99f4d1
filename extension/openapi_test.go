package extension_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// document is as much of an OpenAPI file as ours uses.
type document struct {
	Paths map[string]map[string]struct {
		Responses map[string]struct {
			Content map[string]struct {
				Schema schema `json:"schema"`
			} `json:"content"`
		} `json:"responses"`
	} `json:"paths"`
	Components struct {
		Schemas map[string]schema `json:"schemas"`
	} `json:"components"`
}

// schema is as much of a JSON schema as ours uses.
type schema struct {
	Ref        string            `json:"$ref"`
	Type       string            `json:"type"`
	Format     string            `json:"format"`
	Enum       []string          `json:"enum"`
	Properties map[string]schema `json:"properties"`
	Additional *schema           `json:"additionalProperties"`
	Required   []string          `json:"required"`
	Items      *schema           `json:"items"`
}

// response returns the schema of an answer.
func (d *document) response(method, path string, status int) (schema, error) {
	r, ok := d.Paths[path][strings.ToLower(method)].Responses[fmt.Sprint(status)]
	if !ok {
		return schema{}, fmt.Errorf("status %d of %s is not described", status, path)
	}
	return r.Content["application/json"].Schema, nil
}

// check returns everything in which the JSON text differs from the schema.
func (d *document) check(s schema, text []byte) []string {
	var v any
	dec := json.NewDecoder(strings.NewReader(string(text)))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		return []string{err.Error()}
	}
	return d.differences("", s, v)
}

func (d *document) differences(at string, s schema, v any) (out []string) {
	if name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/"); ok {
		s = d.Components.Schemas[name]
	}
	wrong := func() []string { return []string{fmt.Sprintf("%s is %T %v, want %s %s", at, v, v, s.Type, s.Format)} }
	switch v := v.(type) {
	case map[string]any:
		if s.Type != "object" {
			return wrong()
		}
		return d.object(at, s, v)
	case []any:
		if s.Type != "array" {
			return wrong()
		}
		for i, e := range v {
			out = append(out, d.differences(fmt.Sprintf("%s[%d]", at, i), *s.Items, e)...)
		}
		return out
	case string:
		_, err := time.Parse(time.RFC3339, v)
		if s.Type != "string" || s.Format == "date-time" && err != nil || s.Enum != nil && !slices.Contains(s.Enum, v) {
			return wrong()
		}
	case json.Number:
		_, err := v.Int64()
		if s.Type != "number" && (s.Type != "integer" || err != nil) {
			return wrong()
		}
	case bool:
		if s.Type != "boolean" {
			return wrong()
		}
	default: // null is nowhere
		return wrong()
	}
	return nil
}

func (d *document) object(at string, s schema, v map[string]any) (out []string) {
	for _, name := range s.Required {
		if _, ok := v[name]; !ok {
			out = append(out, at+"."+name+" is missing")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(v)) {
		member, ok := s.Properties[name]
		switch {
		case !ok && s.Additional == nil:
			out = append(out, at+"."+name+" is not described")
			continue
		case !ok:
			member = *s.Additional
		}
		out = append(out, d.differences(at+"."+name, member, v[name])...)
	}
	return out
}
