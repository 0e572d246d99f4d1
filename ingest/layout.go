package ingest

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"bespoke"
	"bespoke/schema"
)

// readLayouts looks at the beginnings of the objects, several at once. Of
// several errors it returns that of the first object.
func readLayouts(ctx context.Context, src Source, objects []bespoke.Object, s *schema.Schema, csvOnly bool) ([]*layout, error) {
	layouts := make([]*layout, len(objects))
	errs := make([]error, len(objects))
	var g errgroup.Group
	g.SetLimit(headersAtOnce)
	for i, o := range objects {
		g.Go(func() error {
			layouts[i], errs[i] = readLayout(ctx, src, o, s, csvOnly)
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

// readLayout reads as much of o as it takes to know its columns.
func readLayout(ctx context.Context, src Source, o bespoke.Object, s *schema.Schema, csvOnly bool) (*layout, error) {
	var b []byte
	for want := min(headerBytes, o.Size); ; want = min(want*4, maxHeaderBytes, o.Size) {
		at := len(b)
		b = resize(b, int(want)-at)
		if err := readAt(ctx, src, o, int64(at), b[at:]); err != nil {
			return nil, err
		}
		text, packed := b, packingNone
		switch {
		case csvOnly:
		case formatOf(b) == formatParquet:
			f, err := openParquet(ctx, src, o, nil, s)
			if err != nil {
				return nil, err
			}
			return f.layout, nil
		case packingOf(b) != packingNone:
			packed = packingOf(b)
			var err error
			if text, err = unpackBeginning(o, packed, b); err != nil {
				return nil, err
			}
		}
		if bytes.IndexByte(text, '\n') >= 0 || loneReturns(text) || want == o.Size || want == maxHeaderBytes {
			return newLayout(o, text, packed, s, csvOnly)
		}
	}
}

// layout is where the schema's columns are in the records of an object.
type layout struct {
	format  format
	packing packing
	returns bool     // lines end with carriage returns alone
	names   []string // of the record's fields: of the header, or of the schema
	index   []int    // for each column of the schema, its field
	absent  []string // of JSON: columns that may not be null and that the first rows lack
	notes   []string // what the user should hear about
}

func (l *layout) sorted() []string {
	s := slices.Clone(l.names)
	for i := range s {
		s[i] = strings.ToUpper(s[i])
	}
	slices.Sort(s)
	return s
}

// schemaLayout returns the layout of records whose fields are the schema's
// columns.
func schemaLayout(f format, s *schema.Schema) *layout {
	l := &layout{format: f}
	for i, c := range s.Columns {
		l.names, l.index = append(l.names, c.Name), append(l.index, i)
	}
	return l
}

// newLayout returns the layout of object o, whose text begins with b, whether
// or not it was compressed.
func newLayout(o bespoke.Object, b []byte, packed packing, s *schema.Schema, csvOnly bool) (*layout, error) {
	line := firstLine(b)
	if packed != packingNone && (packingOf(b) != packingNone || formatOf(b) == formatParquet) {
		return nil, bespoke.Errorf(bespoke.InvalidInput, "%s is compressed with %s, and what is in it again: import what is in it.", o, packed)
	}
	if err := refuseBytes(o, line, csvOnly); err != nil {
		return nil, err
	}
	var l *layout
	if formatOf(b) == formatJSON {
		l = schemaLayout(formatJSON, s)
		var err error
		if l.absent, err = absentKeys(o, b, s); err != nil {
			return nil, err
		}
	} else {
		var err error
		if l, err = parseHeader(o, line, s); err != nil {
			return nil, err
		}
	}
	l.packing, l.returns = packed, loneReturns(b)
	return l, nil
}

// firstLine returns the first line of b with its end.
func firstLine(b []byte) []byte {
	end := byte('\n')
	if loneReturns(b) {
		end = '\r'
	}
	if i := bytes.IndexByte(b, end); i >= 0 {
		return b[:i+1]
	}
	return b
}
