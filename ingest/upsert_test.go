package ingest_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"bespoke"
	"bespoke/ingest"
	"bespoke/lake"
	"bespoke/schema"
)

// history is a lake table and what it should show by the rules: of import jobs
// a record for each key, which is the whole row for interactions, and beside
// them the rows that came in one by one.
type history struct {
	testing.TB
	r      *rand.Rand
	dir    string
	lake   *lake.Lake
	arn    bespoke.ARN
	typ    bespoke.DatasetType
	schema *schema.Schema
	bulk   map[string]string // rows by key, as text
	put    []string
	job    int
}

// reopen closes the lake, if it is open, and opens it as a server does that was
// killed.
func (h *history) reopen() {
	h.Helper()
	if h.lake != nil {
		if err := h.lake.Close(); err != nil {
			h.Fatal(err)
		}
	}
	var err error
	if h.lake, err = lake.Open(h.Context(), lake.Config{Dir: h.dir}); err != nil {
		h.Fatal(err)
	}
	if err := h.lake.Sweep(h.Context(), time.Now()); err != nil {
		h.Fatal(err)
	}
}

func (h *history) table() *lake.Table {
	h.Helper()
	tb, err := h.lake.Table(h.Context(), h.arn)
	if err != nil {
		h.Fatal(err)
	}
	return tb
}

// nextJob returns the ARN of a job and its folder for data files.
func (h *history) nextJob(tb *lake.Table) (bespoke.ARN, string) {
	h.Helper()
	h.job++
	job := bespoke.Scope{Partition: "aws", Region: "r", Account: "1"}.ImportJob(fmt.Sprintf("job-%d", h.job))
	dir, err := tb.NewDataDir(job)
	if err != nil {
		h.Fatal(err)
	}
	return job, dir
}

// row returns a random row. There are few different ones, so that keys and
// whole rows come again and again.
func (h *history) row() (key string, cells []string) {
	pick := func(n int, format string) string {
		if i := h.r.IntN(n + 1); i < n {
			return fmt.Sprintf(format, i)
		}
		return ""
	}
	if h.typ == bespoke.Interactions {
		cells = []string{fmt.Sprintf("user-%d", h.r.IntN(12)), fmt.Sprintf("item-%d", h.r.IntN(12)), pick(2, "event-%d"), pick(2, "%d.5"), fmt.Sprint(h.r.IntN(3))}
		return strings.Join(cells, " | "), cells
	}
	cells = []string{fmt.Sprintf("item-%d", h.r.IntN(150)), pick(3, "a|genre-%d"), pick(3, "%d.25"), pick(9, "%d"), []string{"true", "false", ""}[h.r.IntN(3)], pick(3, "text, %d"), pick(5, "170000000%d")}
	return cells[0], cells
}

// objects returns random rows in objects of random formats, and notes them in
// the model in their order.
func (h *history) objects(model map[string]string) (objects, int) {
	h.Helper()
	src, n := objects{}, 0
	for o := range 1 + h.r.IntN(4) {
		var b strings.Builder
		w := csv.NewWriter(&b)
		var header []string
		for _, c := range h.schema.Columns {
			header = append(header, c.Name)
		}
		_ = w.Write(header)
		for range h.r.IntN(150) {
			key, cells := h.row()
			_ = w.Write(cells)
			for i, c := range cells {
				if c == "" {
					cells[i] = "null"
				}
			}
			model[key] = strings.Join(cells, " | ")
			n++
		}
		w.Flush()
		text := b.String()
		switch h.r.IntN(6) {
		case 0:
			text = gzipped(h, text)
		case 1:
			text = zstandard(h, text)
		case 2:
			if lines := asJSON(h, h.r, text); lines != "" {
				text = lines
			}
		case 3:
			text = asParquet(h, text, h.r.IntN(4))
		}
		src[fmt.Sprint(o)] = text
	}
	return src, n
}

// importSome imports random rows. Some imports fail, and some end before they
// are committed.
func (h *history) importSome(mode bespoke.ImportMode) {
	h.Helper()
	tb := h.table()
	job, dir := h.nextJob(tb)
	base, release, err := tb.Hold(h.Context())
	if err != nil {
		h.Fatal(err)
	}
	defer release()
	model := maps.Clone(h.bulk)
	if mode == bespoke.Full {
		model = map[string]string{}
	}
	before := len(model)
	src, rows := h.objects(model)
	bad := h.r.IntN(5) == 0
	if bad {
		src["bad"] = "no,header\n"
		if h.r.IntN(2) == 0 {
			src["bad"] = `{"ITEM_ID":{}}`
		}
	}
	cfg := config(h, h.typ, h.schema, src)
	cfg.Arrow, cfg.Mode, cfg.Dir = tb.Arrow(), mode, dir
	cfg.Existing = func(ctx context.Context, columns []string) iter.Seq2[lake.Batch, error] {
		return base.Scan(ctx, columns, lake.Bulk)
	}
	res, err := ingest.Run(h.Context(), cfg)
	if (err != nil) != bad {
		h.Fatalf("bad %v, error %v", bad, err)
	}
	if bad || h.r.IntN(6) == 0 {
		if h.r.IntN(2) == 0 {
			if err := tb.Discard(h.Context(), dir); err != nil {
				h.Fatal(err)
			}
		}
		return // the model stays as it was
	}
	if h.r.IntN(3) == 0 { // while the import was under way
		h.compact()
	}
	c := lake.Commit{Job: job, Mode: mode, Origin: lake.Bulk, Base: base.ID, Files: res.Files, Dead: res.Dead}
	for range 1 + h.r.IntN(2) { // a job that has committed does not do so again
		if _, err := tb.Commit(h.Context(), c); err != nil {
			h.Fatal(err)
		}
	}
	h.bulk = model
	fresh := int64(len(model) - before)
	if c := res.Counts; c.Rows != int64(rows) || c.Accepted+c.Duplicate != c.Rows || c.Accepted-c.Replaced != fresh {
		h.Errorf("counts %+v, want %d rows, %d of them with new keys", c, rows, fresh)
	}
}

func (h *history) compact() {
	h.Helper()
	if _, err := h.table().Compact(h.Context()); err != nil {
		h.Fatal(err)
	}
}

// putSome adds rows that come in one by one, which imports never touch.
func (h *history) putSome() {
	h.Helper()
	tb := h.table()
	job, dir := h.nextJob(tb)
	w, err := tb.NewWriter(dir, lake.Put)
	if err != nil {
		h.Fatal(err)
	}
	var fields []arrow.Field
	for _, f := range tb.Arrow().Fields() {
		if f.Name != lake.OriginColumn {
			fields = append(fields, f)
		}
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(fields, nil))
	n := 1 + h.r.IntN(5)
	for range n {
		_, cells := h.row()
		for i, f := range fields {
			cell := ""
			switch {
			case i < len(cells):
				cell = cells[i]
			case f.Name == lake.ArrivedColumn:
				cell = "1700000000000"
			}
			if cell == "" {
				b.Field(i).AppendNull()
			} else if err := b.Field(i).AppendValueFromString(cell); err != nil {
				h.Fatal(err)
			}
		}
		for i, c := range cells {
			if c == "" {
				cells[i] = "null"
			}
		}
		h.put = append(h.put, strings.Join(cells, " | "))
	}
	if err := w.Append(b.NewRecordBatch(), nil); err != nil {
		h.Fatal(err)
	}
	files, err := w.Close()
	if err != nil {
		h.Fatal(err)
	}
	if _, err := tb.Commit(h.Context(), lake.Commit{Job: job, Mode: bespoke.Incremental, Origin: lake.Put, Files: files}); err != nil {
		h.Fatal(err)
	}
}

// shown returns what the table shows of an origin, sorted.
func (h *history) shown(origin string) []string {
	h.Helper()
	var columns []string
	for _, c := range h.schema.Columns {
		columns = append(columns, c.Name)
	}
	rows := []string{}
	for b, err := range h.table().Scan(h.Context(), columns, origin) {
		if err != nil {
			h.Fatal(err)
		}
		for i := range int(b.Record.NumRows()) {
			if b.Dead.Has(i) {
				continue
			}
			var cells []string
			for c := range columns {
				cell := b.Record.Column(c).ValueStr(i)
				if b.Record.Column(c).IsNull(i) {
					cell = "null"
				}
				cells = append(cells, cell)
			}
			rows = append(rows, strings.Join(cells, " | "))
		}
	}
	slices.Sort(rows)
	return rows
}

func (h *history) check(step int) {
	h.Helper()
	if got, want := h.shown(lake.Bulk), slices.Sorted(maps.Values(h.bulk)); !slices.Equal(got, want) {
		h.Fatalf("step %d: the table shows\n%s\nwant\n%s", step, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got, want := h.shown(lake.Put), slices.Sorted(slices.Values(h.put)); !slices.Equal(got, want) {
		h.Fatalf("step %d: of rows that came one by one the table shows\n%s\nwant\n%s", step, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestUpserts makes random series of FULL and INCREMENTAL imports in all
// formats into a table of the lake, some of which fail or are given up, with
// rows that come in one by one, restarts and compaction between them.
func TestUpserts(t *testing.T) {
	t.Parallel()
	for _, typ := range []bespoke.DatasetType{bespoke.Interactions, bespoke.Items} {
		t.Run(string(typ), func(t *testing.T) {
			t.Parallel()
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			for series := range uint64(2) {
				s := items(t)
				if typ == bespoke.Interactions {
					s = interactions(t)
				}
				h := &history{TB: t, r: rand.New(rand.NewPCG(seed, series)), dir: t.TempDir(), typ: typ, schema: s, bulk: map[string]string{}, arn: "arn:aws:personalize:r:1:dataset/g/" + bespoke.ARN(typ)}
				h.reopen()
				if _, err := h.lake.Create(t.Context(), h.arn, s); err != nil {
					t.Fatal(err)
				}
				for step := range 10 {
					switch h.r.IntN(9) {
					case 0, 1:
						h.importSome(bespoke.Full)
					case 2:
						h.putSome()
					case 3:
						h.reopen()
					case 4:
						h.compact()
					default:
						h.importSome(bespoke.Incremental)
					}
					h.check(step)
				}
				if err := h.lake.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}
