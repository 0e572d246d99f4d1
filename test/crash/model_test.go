package crash_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"bespoke"
	"bespoke/lake"
)

// record is one row of a dataset as numbers, from which its cells follow: for
// interactions user, item, seconds and value, for items item, price, category
// and nothing. A value of -1 is null.
type record [4]int32

// null is the number of a cell without a value.
const null = -1

// kind is one type of dataset: how its records look in a CSV and in a table,
// and which of them are one.
type kind struct {
	typ     bespoke.DatasetType
	schema  string
	header  string
	bad     string // a value that its column cannot take
	size    int    // records of an ordinary import
	draw    func(*rand.Rand) record
	key     func(record) record // records with one key are one; the last that came counts
	row     func(record) string // a CSV row; it ends with the column that bad is for
	columns []string
	parse   func(b arrow.RecordBatch, i int) (record, error)
}

// era is the first timestamp.
const era = 1_600_000_000

var interactions = &kind{
	typ: bespoke.Interactions,
	schema: `{"type":"record","name":"Interactions","namespace":"com.amazonaws.personalize.schema","version":"1.0","fields":[
		{"name":"USER_ID","type":"string"},{"name":"ITEM_ID","type":"string"},{"name":"EVENT_TYPE","type":"string"},
		{"name":"EVENT_VALUE","type":["null","float"]},{"name":"TIMESTAMP","type":"long"}]}`,
	header: "EVENT_VALUE,USER_ID,ITEM_ID,EVENT_TYPE,TIMESTAMP\n",
	bad:    "yesterday",
	size:   40_000,
	draw: func(r *rand.Rand) record {
		return record{r.Int32N(3000), r.Int32N(2000), r.Int32N(100_000), r.Int32N(8) - 1}
	},
	key: func(r record) record { return r },
	row: func(r record) string {
		return fmt.Sprintf("%s,u-%d,\"i,%d\",watch,%d\n", cell(r[3]), r[0], r[1], era+int64(r[2]))
	},
	columns: []string{"USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_VALUE", "EVENT_TYPE", lake.OriginColumn},
	parse: func(b arrow.RecordBatch, i int) (r record, err error) {
		p := parser{b, i, nil}
		r = record{p.id(0, "u-"), p.id(1, "i,"), int32(b.Column(2).(*array.Int64).Value(i) - era), p.float(3)}
		p.word(4, "watch")
		p.word(5, lake.Bulk)
		return r, p.err
	},
}

var items = &kind{
	typ: bespoke.Items,
	schema: `{"type":"record","name":"Items","namespace":"com.amazonaws.personalize.schema","version":"1.0","fields":[
		{"name":"ITEM_ID","type":"string"},{"name":"CATEGORY","type":["null","string"],"categorical":true},{"name":"PRICE","type":["null","float"]}]}`,
	header: "CATEGORY,ITEM_ID,PRICE\n",
	bad:    "cheap",
	size:   25_000,
	draw: func(r *rand.Rand) record {
		return record{r.Int32N(60_000), r.Int32N(1000) - 1, r.Int32N(30)}
	},
	key: func(r record) record { return record{r[0]} },
	row: func(r record) string {
		return fmt.Sprintf("c-%d,i-%d,%s\n", r[2], r[0], cell(r[1]))
	},
	columns: []string{"ITEM_ID", "PRICE", "CATEGORY", lake.OriginColumn},
	parse: func(b arrow.RecordBatch, i int) (r record, err error) {
		p := parser{b, i, nil}
		r = record{p.id(0, "i-"), p.float(1), p.id(2, "c-")}
		p.word(3, lake.Bulk)
		return r, p.err
	},
}

func cell(v int32) string {
	if v == null {
		return ""
	}
	return strconv.Itoa(int(v))
}

// parser reads the cells of one row of a batch and keeps the first error.
type parser struct {
	b   arrow.RecordBatch
	i   int
	err error
}

func (p *parser) id(column int, prefix string) int32 {
	text := p.b.Column(column).(*array.String).Value(p.i)
	rest, ok := strings.CutPrefix(text, prefix)
	n, err := strconv.ParseInt(rest, 10, 32)
	if (!ok || err != nil) && p.err == nil {
		p.err = fmt.Errorf("%s is %q, which no import has sent", p.b.ColumnName(column), text)
	}
	return int32(n)
}

func (p *parser) float(column int) int32 {
	c := p.b.Column(column).(*array.Float32)
	if c.IsNull(p.i) {
		return null
	}
	return int32(c.Value(p.i))
}

func (p *parser) word(column int, want string) {
	if got := p.b.Column(column).(*array.String).Value(p.i); got != want && p.err == nil {
		p.err = fmt.Errorf("%s is %q, want %q", p.b.ColumnName(column), got, want)
	}
}

// digest stands for a multiset of records: two with equal digests are equal but
// for a chance of one in 2^128.
type digest struct {
	rows int
	sum  [2]uint64
}

func (d *digest) add(r record) {
	a, b := uint64(uint32(r[0]))<<32|uint64(uint32(r[1])), uint64(uint32(r[2]))<<32|uint64(uint32(r[3]))
	d.rows++
	d.sum[0] += mix(mix(a+0x9e3779b97f4a7c15) ^ b)
	d.sum[1] += mix(mix(b+0xd1b54a32d192ed03) ^ a)
}

// mix is the last step of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// rows are what a dataset is expected to hold, by key.
type rows map[record]record

// apply returns what an import makes of the rows.
func (m rows) apply(k *kind, mode bespoke.ImportMode, records []record) rows {
	if mode == bespoke.Full || m == nil {
		m = make(rows, len(records))
	}
	for _, r := range records {
		m[k.key(r)] = r
	}
	return m
}

func (m rows) digest() digest {
	var d digest
	for _, r := range m {
		d.add(r)
	}
	return d
}

// differences describes the first few rows that are in one multiset and not in
// the other.
func (m rows) differences(k *kind, got []record) string {
	const most = 5
	var out []string
	note := func(format string, args ...any) {
		if len(out) < most {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	seen := make(map[record]int, len(got))
	for _, r := range got {
		if seen[r]++; seen[r] > 1 {
			note("%v is there %d times", r, seen[r])
		}
		if want, ok := m[k.key(r)]; !ok {
			note("%v is there and should not be", r)
		} else if want != r {
			note("%v is there in place of %v", r, want)
		}
	}
	for _, r := range m {
		if seen[r] == 0 {
			note("%v is missing", r)
		}
	}
	return fmt.Sprintf("%d rows, want %d: %s", len(got), len(m), strings.Join(out, "; "))
}

// importJob is one import that the test asks for.
type importJob struct {
	name    string
	arn     string
	into    *dataset
	mode    bespoke.ImportMode
	records []record
	objects int
	bad     int // the record whose last cell is bad, null for none

	asked    bool // the call was made
	accepted bool // the call was answered
	status   string
}

// settled reports whether the job was seen to have ended.
func (j *importJob) settled() bool { return j.status == "ACTIVE" || j.status == "CREATE FAILED" }

// object returns the nth object of the job as CSV.
func (j *importJob) object(n int) []byte {
	k, size := j.into.kind, len(j.records)
	from, to := n*size/j.objects, (n+1)*size/j.objects
	b := append(make([]byte, 0, 40*(to-from)), k.header...)
	for i, r := range j.records[from:to] {
		row := k.row(r)
		if from+i == j.bad {
			row = row[:strings.LastIndexByte(row, ',')+1] + k.bad + "\n"
		}
		b = append(b, row...)
	}
	return b
}

// dataset is one dataset with what it should hold.
type dataset struct {
	*kind
	group string
	arn   string

	held   rows         // after the jobs that have settled
	latest []record     // of the job that settled last
	jobs   []*importJob // those after them, in no order
	past   []string     // the ARNs of all that have settled, in order
}

// plan makes an import of about n records, some of which were in the import that
// settled last.
func (d *dataset) plan(rng *rand.Rand, name string, mode bespoke.ImportMode, n int, bad bool) *importJob {
	j := &importJob{name: name, into: d, mode: mode, objects: 1 + rng.IntN(3), bad: null}
	for range n/2 + rng.IntN(n) {
		j.records = append(j.records, d.kind.draw(rng))
	}
	for i := 0; i < len(d.latest); i += 10 {
		j.records[rng.IntN(len(j.records))] = d.latest[i]
	}
	if bad {
		j.bad = rng.IntN(len(j.records))
	}
	return j
}
