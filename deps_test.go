package bespoke_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// May lists, for each package, the packages of this module that it may import
// beside the root. An import that is not listed points the wrong way: the
// domain knows no technology, technologies do not know each other, and only
// the command ties them together.
var may = map[string][]string{
	"":                        {},
	"schema":                  {},
	"blob":                    {"iam"},
	"awsapi/catalog":          {},
	"iam":                     {},
	"lake":                    {"schema", "parquet"},
	"ingest":                  {"schema", "lake", "parquet"},
	"parquet":                 {},
	"dataset":                 {"schema", "ingest", "lake"},
	"attribution":             {"schema"},
	"export":                  {"lake"},
	"insight":                 {"schema", "ingest"},
	"job":                     {},
	"store":                   {},
	"store/storetest":         {"store"},
	"store/sqlite":            {"store", "job"},
	"awsapi":                  {"awsapi/wire"},
	"awsapi/wire":             {},
	"awsapi/internal/wiregen": {},
	"devcloud":                {"iam", "blob"},
	"demo":                    {},
	"eval":                    {"history", "recipe"},
	"history":                 {"lake", "parquet"},
	"recipe":                  {"history"},
	"recipe/affinity":         {"history", "recipe"},
	"recipe/als":              {"history", "recipe", "recipe/vector"},
	"recipe/blend":            {"history", "recipe", "recipe/affinity", "recipe/als", "recipe/neural", "recipe/popularity", "recipe/sequence", "recipe/vector"},
	"recipe/catalog":          {"recipe", "recipe/blend", "recipe/cooccurrence", "recipe/popularity", "recipe/trending"},
	"recipe/cooccurrence":     {"history", "recipe", "recipe/popularity"},
	"recipe/neural":           {"history", "recipe", "recipe/vector"},
	"recipe/popularity":       {"history", "recipe"},
	"recipe/sequence":         {"history", "recipe", "recipe/vector"},
	"recipe/trending":         {"history", "recipe", "recipe/popularity"},
	"recipe/vector":           {},
	"recipe/recipetest":       {"demo", "history", "recipe"},
	"docs":                    {},
	"extension":               {"awsapi", "control", "serve", "store", "lake", "ingest"},
	"artifact":                {"history", "recipe", "recipe/catalog", "recipe/popularity"},
	"train":                   {"artifact", "dataset", "eval", "history", "lake", "parquet", "recipe", "recipe/catalog", "schema"},
	"serve":                   {"artifact", "awsapi/catalog", "awsapi/wire", "event", "history", "recipe", "store"},
	"control":                 {"artifact", "awsapi/wire", "awsapi/catalog", "history", "recipe", "serve", "train", "schema", "blob", "iam", "lake", "ingest", "dataset", "event", "export", "attribution", "job", "store"},
	"event":                   {"awsapi/wire", "schema", "ingest", "lake", "store"},
}

// TestImportDirection keeps the import graph of ARCHITECTURE.md true.
func TestImportDirection(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		pkg, imports := strings.TrimPrefix(strings.TrimPrefix(f[0], "bespoke"), "/"), f[1:]
		if strings.HasPrefix(pkg, "cmd/") || strings.HasPrefix(pkg, "test/") {
			continue
		}
		allowed, known := may[pkg]
		if !known {
			t.Errorf("package %s has no line in this table", pkg)
		}
		for _, imp := range imports {
			if pkg == "" && strings.Contains(imp, ".") {
				t.Errorf("the root package imports %s; it may use the standard library only", imp)
			}
			if rest, ours := strings.CutPrefix(imp, "bespoke/"); ours && !slices.Contains(allowed, rest) {
				t.Errorf("package %q imports %s, which is against the direction", pkg, imp)
			}
		}
	}
}
