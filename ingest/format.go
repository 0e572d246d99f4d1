package ingest

import (
	"bytes"
	"strings"

	"bespoke"
)

// format is what the records of an object look like.
type format uint8

// The formats that are read. What is no other is taken for CSV.
const (
	formatCSV format = iota
	formatJSON
	formatParquet
)

// packing is how an object's text is compressed.
type packing uint8

// The packings that are read.
const (
	packingNone packing = iota
	packingGzip
	packingZstd
)

func (p packing) String() string { return [...]string{"nothing", "gzip", "zstd"}[p] }

const byteOrderMark = "\ufeff"

// zstdFrames are the first bytes of data frames and, but for the low half of
// the first, of skippable ones.
// Source: RFC 8878, 3.1.1 and 3.1.2.
const (
	zstdFrame     = "\x28\xb5\x2f\xfd"
	zstdSkippable = "\x2a\x4d\x18"
)

// packingOf recognises a compressed object by its first bytes.
func packingOf(b []byte) packing {
	switch {
	case bytes.HasPrefix(b, []byte("\x1f\x8b")):
		return packingGzip
	case bytes.HasPrefix(b, []byte(zstdFrame)), len(b) > 4 && b[0]>>4 == 5 && string(b[1:4]) == zstdSkippable:
		return packingZstd
	}
	return packingNone
}

// formatOf recognises the format of an object, or what it decompresses to, by
// its first bytes.
func formatOf(b []byte) format {
	if bytes.HasPrefix(b, []byte("PAR1")) {
		return formatParquet
	}
	if b = bytes.TrimLeft(bytes.TrimPrefix(b, []byte(byteOrderMark)), " \t\r\n"); len(b) > 0 && b[0] == '{' {
		return formatJSON
	}
	return formatCSV
}

// PlainCSV reports whether an object that begins with b is taken for CSV that is
// not compressed.
func PlainCSV(b []byte) bool { return packingOf(b) == packingNone && formatOf(b) == formatCSV }

// refuseBytes recognises by its first bytes what is none of the formats. With
// csvOnly that is everything but CSV.
func refuseBytes(o bespoke.Object, b []byte, csvOnly bool) error {
	for _, m := range [...]struct {
		magic, hint string
		read        bool
	}{
		{"\x1f\x8b", "it is compressed with gzip; decompress it", true},
		{zstdFrame, "it is compressed with zstd; decompress it", true},
		{"PAR1", "it is a Parquet file; export CSV", true},
		{"{", "it looks like JSON; export CSV", true},
		{"[", "it looks like a JSON array; write one object a line, without brackets and commas around them", false},
		{"PARE", "it is an encrypted Parquet file; write it without encryption", false},
		{"PK\x03\x04", "it is a ZIP archive or a spreadsheet; export CSV", false},
		{"Obj\x01", "it is an Avro file; export CSV", false},
		{"ORC", "it is an ORC file; export CSV", false},
		{"BZh9", "it is compressed with bzip2; decompress it", false},
		{"\xfd7zXZ", "it is compressed with xz; decompress it", false},
		{"\x04\x22\x4d\x18", "it is compressed with LZ4; decompress it", false},
		{"\xff\xfe", "it is UTF-16; save it as UTF-8", false},
		{"\xfe\xff", "it is UTF-16; save it as UTF-8", false},
	} {
		if bytes.HasPrefix(bytes.TrimPrefix(b, []byte(byteOrderMark)), []byte(m.magic)) && (csvOnly || !m.read) {
			if m.magic == "ORC" && !bytes.Contains(b[:min(len(b), 64)], []byte{0}) {
				continue // a column may be called so
			}
			return notCSV(o, m.hint)
		}
	}
	if PlainCSV(b) && bytes.IndexByte(b, 0) >= 0 {
		return notCSV(o, "the first row has null bytes; save it as UTF-8 text")
	}
	return nil
}

func notCSV(o bespoke.Object, hint string) error {
	return bespoke.Errorf(bespoke.InvalidInput, "%s is not a CSV file in UTF-8: %s.", o, hint)
}

// lineFeeds makes every carriage return in b a line feed.
func lineFeeds(b []byte) {
	for {
		i := bytes.IndexByte(b, '\r')
		if i < 0 {
			return
		}
		b[i] = '\n'
		b = b[i+1:]
	}
}

// loneReturns reports whether the first line of b ends with a carriage return
// that no line feed follows. So do all lines of the object then.
func loneReturns(b []byte) bool {
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		b = b[:i+1]
	}
	i := bytes.IndexByte(b, '\r')
	return i >= 0 && i+1 < len(b) && strings.TrimSpace(string(b[:i])) != "" && b[i+1] != '\n'
}
