package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"bespoke/ingest"
)

// reservedInteractions are the columns of item interactions whose type the API
// fixes, so that a header is enough to know the schema.
var reservedInteractions = map[string]any{
	"USER_ID":                  "string",
	"ITEM_ID":                  "string",
	"TIMESTAMP":                "long",
	"EVENT_TYPE":               "string",
	"EVENT_VALUE":              []string{"null", "float"},
	"IMPRESSION":               []string{"null", "string"},
	"RECOMMENDATION_ID":        []string{"null", "string"},
	"EVENT_ATTRIBUTION_SOURCE": []string{"null", "string"},
}

// schemaText returns the schema for a dataset that does not exist yet: the
// file given, or for interactions what the local file's header says.
func (im *importer) schemaText(source string) (string, error) {
	if im.opts.schema != "" {
		b, err := os.ReadFile(im.opts.schema)
		return string(b), err
	}
	if im.opts.kind != "INTERACTIONS" || strings.HasPrefix(source, "s3://") {
		return "", fmt.Errorf("the dataset group %s has no dataset of type %s yet: give the Avro schema of the file with --schema", im.opts.group, im.opts.kind)
	}
	f, err := os.Open(source)
	if err != nil {
		return "", err
	}
	defer f.Close()
	header, err := bufio.NewReader(io.LimitReader(f, 1<<20)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("%s: %w", source, err)
	}
	if !ingest.PlainCSV([]byte(header)) {
		return "", fmt.Errorf("%s is no plain CSV, whose header would tell the columns: give the Avro schema of the file with --schema", source)
	}
	return schemaOfHeader(strings.TrimPrefix(strings.TrimSpace(header), "\ufeff"))
}

func schemaOfHeader(header string) (string, error) {
	type field struct {
		Name string `json:"name"`
		Type any    `json:"type"`
	}
	var fields []field
	for name := range strings.SplitSeq(header, ",") {
		name = strings.ToUpper(strings.Trim(name, `"`))
		t, ok := reservedInteractions[name]
		if !ok {
			return "", fmt.Errorf("the type of column %q cannot be known from its name: give the Avro schema of the file with --schema", name)
		}
		fields = append(fields, field{name, t})
	}
	b, err := json.Marshal(map[string]any{
		"type": "record", "name": "Interactions", "namespace": "com.amazonaws.personalize.schema",
		"fields": fields, "version": "1.0",
	})
	return string(b), err
}
