package ingest

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"bespoke"
	"bespoke/schema"
)

// How much of an object is read in search of the end of its first row, at
// first and at most; and how many objects are looked at at once.
const (
	headerBytes    = 64 << 10
	maxHeaderBytes = 1 << 20
	headersAtOnce  = 8
)

// Header reads the first row of each object and checks it against the schema:
// all columns are there, by name in any order, and all objects have the same.
// It returns an *bespoke.Error of code InvalidInput that says what is wrong, or
// the error of src.
func Header(ctx context.Context, src Source, objects []bespoke.Object, s *schema.Schema) error {
	layouts, err := readLayouts(ctx, src, objects, s)
	if err != nil {
		return err
	}
	for i, l := range layouts {
		if a, b := layouts[0].sorted(), l.sorted(); !slices.Equal(a, b) {
			return bespoke.Errorf(bespoke.InvalidInput, "All objects must have the same header: %s has the columns [%s], %s has [%s].",
				objects[0], strings.Join(a, ", "), objects[i], strings.Join(b, ", "))
		}
	}
	return nil
}

// readLayouts reads the first rows of the objects, several at once. Of several
// errors it returns that of the first object.
func readLayouts(ctx context.Context, src Source, objects []bespoke.Object, s *schema.Schema) ([]*layout, error) {
	layouts := make([]*layout, len(objects))
	errs := make([]error, len(objects))
	var g errgroup.Group
	g.SetLimit(headersAtOnce)
	for i, o := range objects {
		g.Go(func() error {
			row, err := firstRow(ctx, src, o)
			if err == nil {
				layouts[i], err = parseHeader(o, row, s)
			}
			errs[i] = err
			return nil
		})
	}
	g.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return layouts, nil
}

// firstRow reads the first row of o, with its line feed if it has one.
func firstRow(ctx context.Context, src Source, o bespoke.Object) ([]byte, error) {
	f := fetcher{source: src}
	var b []byte
	for want := min(headerBytes, o.Size); ; want = min(want*4, maxHeaderBytes, o.Size) {
		at := len(b)
		b = resize(b, int(want)-at)
		if err := f.read(ctx, o, int64(at), b[at:]); err != nil {
			return nil, err
		}
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			return b[:i+1], nil
		}
		if want == o.Size || want == maxHeaderBytes {
			return b, nil
		}
	}
}

// layout is where the schema's columns are in the records of an object.
type layout struct {
	names []string // of the header
	index []int    // for each column of the schema, its field
	notes []string // what the user should hear about
}

func (l *layout) sorted() []string {
	s := slices.Clone(l.names)
	for i := range s {
		s[i] = strings.ToUpper(s[i])
	}
	slices.Sort(s)
	return s
}

// parseHeader reads the first row of object o.
func parseHeader(o bespoke.Object, row []byte, s *schema.Schema) (*layout, error) {
	if hint := sniff(row); hint != "" {
		return nil, bespoke.Errorf(bespoke.InvalidInput, "%s is not a CSV file in UTF-8: %s.", o, hint)
	}
	row = bytes.TrimPrefix(row, []byte("\ufeff"))
	row = bytes.TrimSuffix(bytes.TrimSuffix(row, []byte("\n")), []byte("\r"))
	if len(row) == 0 {
		return nil, bespoke.Errorf(bespoke.InvalidInput, "%s: the first row is empty; it must name the columns.", o)
	}
	if bytes.IndexByte(row, '\r') >= 0 {
		return nil, bespoke.Errorf(bespoke.InvalidInput, "%s: rows end with a lone carriage return; end them with a line feed.", o)
	}
	if len(row) >= maxHeaderBytes {
		return nil, bespoke.Errorf(bespoke.InvalidInput, "%s: the first row is longer than %d bytes: check that rows end with line feeds.", o, maxHeaderBytes)
	}
	l := &layout{}
	if err := l.split(row); err != "" {
		return nil, bespoke.Errorf(bespoke.InvalidInput, "%s: the header is malformed: %s.", o, err)
	}
	if len(l.names) == 1 && len(s.Columns) > 1 && strings.ContainsAny(l.names[0], ";\t|") {
		return nil, bespoke.Errorf(bespoke.InvalidInput, "%s: the header %q seems to separate columns by something else than commas; "+
			"write the file with commas.", o, shorten(row))
	}
	if err := l.match(o, s); err != nil {
		return nil, err
	}
	return l, nil
}

// sniff recognises what is no CSV in UTF-8 by its first bytes.
func sniff(b []byte) string {
	for _, m := range [...]struct{ magic, hint string }{
		{"\x1f\x8b", "it is compressed with gzip; decompress it"},
		{"\x28\xb5\x2f\xfd", "it is compressed with zstd; decompress it"},
		{"PK\x03\x04", "it is a ZIP archive or a spreadsheet; export CSV"},
		{"PAR1", "it is a Parquet file; export CSV"},
		{"Obj\x01", "it is an Avro file; export CSV"},
		{"\xff\xfe", "it is UTF-16; save it as UTF-8"},
		{"\xfe\xff", "it is UTF-16; save it as UTF-8"},
		{"{", "it looks like JSON; export CSV"},
	} {
		if bytes.HasPrefix(b, []byte(m.magic)) {
			return m.hint
		}
	}
	if bytes.IndexByte(b, 0) >= 0 {
		return "the first row has null bytes; save it as UTF-8 text"
	}
	return ""
}

// split splits the header into names. Names in quotes are taken, with a note.
func (l *layout) split(row []byte) (fault string) {
	quoted := false
	for i := 0; ; i++ {
		var name []byte
		if i < len(row) && row[i] == '"' {
			quoted = true
			if name, i, fault = unquote(nil, row, i+1); fault != "" {
				return fault
			}
		} else {
			name = row[i:]
			if j := bytes.IndexByte(name, ','); j >= 0 {
				name = name[:j]
			}
			i += len(name)
		}
		l.names = append(l.names, strings.TrimSpace(string(name)))
		if i == len(row) {
			break
		}
	}
	if quoted {
		l.notes = append(l.notes, "Column names in the header are in quotes; Amazon Personalize takes them without only.")
	}
	return ""
}

// match finds the schema's columns among the names: exactly, or else in any
// case.
func (l *layout) match(o bespoke.Object, s *schema.Schema) error {
	for i, n := range l.names {
		if n != "" && slices.Contains(l.names[:i], n) {
			return bespoke.Errorf(bespoke.InvalidInput, "%s: the header names the column %s twice.", o, n)
		}
	}
	used := make([]bool, len(l.names))
	var missing []string
	for _, c := range s.Columns {
		at := slices.Index(l.names, c.Name)
		if at < 0 {
			for i, n := range l.names {
				if !strings.EqualFold(n, c.Name) {
					continue
				}
				if at >= 0 {
					return bespoke.Errorf(bespoke.InvalidInput, "%s: the columns %s and %s of the header could both be %s.", o, l.names[at], n, c.Name)
				}
				at = i
			}
		}
		if at < 0 {
			missing = append(missing, c.Name)
			continue
		}
		used[at] = true
		l.index = append(l.index, at)
	}
	if missing != nil { // the text is Amazon's
		return bespoke.Errorf(bespoke.InvalidInput, "Input csv is missing the following columns: [%s] (%s)", strings.Join(missing, ", "), o)
	}
	for i, n := range l.names {
		if !used[i] {
			l.notes = append(l.notes, "Column "+shorten([]byte(n))+" is not in the schema and was ignored.")
		}
	}
	return nil
}

// Source opens objects for reading.
type Source interface {
	// Open returns length bytes of o from offset on. It fails if the object is
	// no longer what o says.
	Open(ctx context.Context, o bespoke.Object, offset, length int64) (io.ReadCloser, error)
}
