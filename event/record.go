package event

import (
	"encoding/binary"
	"errors"
	"math"

	"bespoke/ingest"
	"bespoke/schema"
)

// Record is one record as it was accepted. Its envelope is kept whether or not
// the dataset's schema has columns for it; where it has, Values repeats it. A
// record is never changed once it is in a log.
type Record struct {
	Seq     uint64 // its number in the dataset, from 1; later ones are greater
	Arrived int64  // when the call came, in milliseconds since 1970

	EventID string // "" unless the client gave one
	User    string // "" of an anonymous event
	Session string // of events and action interactions
	Target  string // the item or action
	Type    string // of an event
	Time    int64  // when the event happened, in seconds since 1970

	RecommendationID string
	Source           string   // eventAttributionSource
	Impression       []string // the items that were shown with the event's

	Columns *Columns
	Values  []ingest.Value // by column
	gone    bool           // purged: nothing but its number and arrival is left
}

// Value returns the value of a column, null where the schema does not have it.
func (r *Record) Value(column string) ingest.Value {
	if i, ok := r.Columns.at[column]; ok && i < len(r.Values) {
		return r.Values[i]
	}
	return ingest.Value{}
}

// size is about how many bytes the record takes in memory.
func (r *Record) size() int64 {
	n := 256 + len(r.EventID) + len(r.User) + len(r.Session) + len(r.Target) + len(r.Type) + len(r.RecommendationID) + len(r.Source)
	for _, s := range r.Impression {
		n += 16 + len(s)
	}
	for _, v := range r.Values {
		n += 40 + len(v.Text)
	}
	return int64(n)
}

// userID is what the record has in the column USER_ID: an anonymous event has its session.
func (r *Record) userID() string {
	if r.User == "" {
		return r.Session
	}
	return r.User
}

// Columns are the columns of a dataset's schema at one time.
type Columns struct {
	List []schema.Column
	at   map[string]int
	from []origin
}

// origin says which member of the envelope a column repeats, so that it is stored once.
type origin byte

const (
	stored origin = iota
	fromUser
	fromTarget
	fromType
	fromTime
)

func newColumns(list []schema.Column) *Columns {
	c := &Columns{List: list, at: make(map[string]int, len(list)), from: make([]origin, len(list))}
	for i, col := range list {
		c.at[col.Name] = i
		switch {
		case col.Name == "USER_ID" && col.Type == schema.String:
			c.from[i] = fromUser
		case (col.Name == "ITEM_ID" || col.Name == "ACTION_ID") && col.Type == schema.String:
			c.from[i] = fromTarget
		case col.Name == "EVENT_TYPE" && col.Type == schema.String:
			c.from[i] = fromType
		case col.Name == "TIMESTAMP" && col.Type == schema.Long:
			c.from[i] = fromTime
		}
	}
	return c
}

// repeated returns what a column repeats of the envelope.
func (r *Record) repeated(o origin) ingest.Value {
	switch o {
	case fromUser:
		return ingest.Value{Type: schema.String, Text: r.userID()}
	case fromTarget:
		return ingest.Value{Type: schema.String, Text: r.Target}
	case fromType:
		return ingest.Value{Type: schema.String, Text: r.Type}
	default:
		return ingest.Value{Type: schema.Long, Int: r.Time}
	}
}

// Tags of stored values. A value that repeats the envelope has a tag only.
const (
	tagNull = iota
	tagRepeated
	tagText
	tagInt
	tagReal
	tagGone = 0xFF // in place of the envelope
)

// appendRecord encodes a record but for its number and arrival, which its frame has.
func appendRecord(b []byte, r *Record) []byte {
	if r.gone {
		return append(b, tagGone)
	}
	b = append(b, 0)
	for _, s := range [...]string{r.EventID, r.User, r.Session, r.Target, r.Type, r.RecommendationID, r.Source} {
		b = appendText(b, s)
	}
	b = binary.AppendVarint(b, r.Time)
	b = binary.AppendUvarint(b, uint64(len(r.Impression)))
	for _, s := range r.Impression {
		b = appendText(b, s)
	}
	for i, v := range r.Values {
		switch o := r.Columns.from[i]; {
		case v.Null():
			b = append(b, tagNull)
		case o != stored && v == r.repeated(o):
			b = append(b, tagRepeated)
		case v.Type == schema.String:
			b = appendText(append(b, tagText), v.Text)
		case v.Type == schema.Float || v.Type == schema.Double:
			b = binary.LittleEndian.AppendUint64(append(b, tagReal), math.Float64bits(v.Real))
		default:
			b = binary.AppendVarint(append(b, tagInt), v.Int)
		}
	}
	return b
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

var errRecord = errors.New("a record is not encoded as it should be")

// reader decodes what appendRecord encodes. After a fault ok is false.
type reader struct {
	in []byte
	ok bool
}

func (d *reader) uvarint() uint64 {
	v, n := binary.Uvarint(d.in)
	if n <= 0 {
		d.ok, d.in = false, nil
		return 0
	}
	d.in = d.in[n:]
	return v
}

func (d *reader) varint() int64 {
	v, n := binary.Varint(d.in)
	if n <= 0 {
		d.ok, d.in = false, nil
		return 0
	}
	d.in = d.in[n:]
	return v
}

func (d *reader) bytes(n uint64) []byte {
	if n > uint64(len(d.in)) {
		d.ok, d.in = false, nil
		return nil
	}
	b := d.in[:n]
	d.in = d.in[n:]
	return b
}

func (d *reader) text() string { return string(d.bytes(d.uvarint())) }

func (d *reader) tag() byte {
	if b := d.bytes(1); b != nil {
		return b[0]
	}
	return tagNull
}

// record decodes the next record.
func (d *reader) record(c *Columns) *Record {
	r := &Record{Columns: c}
	if d.tag() == tagGone {
		r.gone = true
		return r
	}
	for _, s := range [...]*string{&r.EventID, &r.User, &r.Session, &r.Target, &r.Type, &r.RecommendationID, &r.Source} {
		*s = d.text()
	}
	r.Time = d.varint()
	n := d.uvarint()
	for range n {
		if !d.ok {
			return r
		}
		r.Impression = append(r.Impression, d.text())
	}
	r.Values = make([]ingest.Value, len(c.List))
	for i, col := range c.List {
		v := ingest.Value{Type: col.Type}
		switch d.tag() {
		case tagNull:
			v.Type = 0
		case tagRepeated:
			v = r.repeated(c.from[i])
		case tagText:
			v.Text = d.text()
		case tagInt:
			v.Int = d.varint()
		case tagReal:
			if b := d.bytes(8); b != nil {
				v.Real = math.Float64frombits(binary.LittleEndian.Uint64(b))
			}
		default:
			d.ok = false
		}
		r.Values[i] = v
	}
	return r
}
