package event

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
	"os"
	"path/filepath"

	"bespoke"
	"bespoke/schema"
)

// A segment file is a header and frames:
//
//	header: magic, version u32, length u32 of the JSON that follows, CRC-32C u32
//	        of version, length and JSON, JSON
//	frame:  length u32 of the payload, CRC-32C u32 of it, payload
//	payload: number u64 of its first record, arrival u64, count uvarint, records
//
// all little-endian. Frames are written by one call of a client each. Behind the
// last whole frame of the newest segment a crash may leave anything, which is cut
// off when the log is opened: it was never acknowledged. What is not whole before a
// whole frame is damage.
const (
	magic         = "BSPKLOG\n"
	formatVersion = 1
	frameHead     = 8
	minPayload    = 17
	maxFrame      = 4 << 20
)

var crcTable = crc32.MakeTable(crc32.Castagnoli)

// header is what a segment begins with.
type header struct {
	Dataset bespoke.ARN `json:"dataset"`
	First   uint64      `json:"first"` // number of its first record
	Columns []column    `json:"columns"`
}

type column struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	Nullable bool   `json:"nullable,omitempty"`
}

// segment is one file of a log.
type segment struct {
	path    string
	first   uint64 // number of its first record
	next    uint64 // number behind its last one
	bytes   int64
	columns *Columns
}

func (s *segment) records() uint64 { return s.next - s.first }

func segmentName(first uint64) string { return fmt.Sprintf("%020d.log", first) }

func appendHeader(b []byte, h header) ([]byte, error) {
	text, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	body := binary.LittleEndian.AppendUint32(nil, formatVersion)
	body = binary.LittleEndian.AppendUint32(body, uint32(len(text)))
	sum := crc32.Update(crc32.Checksum(body, crcTable), crcTable, text)
	b = append(append(b, magic...), body...)
	return append(binary.LittleEndian.AppendUint32(b, sum), text...), nil
}

func headerOf(dataset bespoke.ARN, first uint64, c *Columns) header {
	h := header{Dataset: dataset, First: first}
	for _, col := range c.List {
		h.Columns = append(h.Columns, column{col.Name, col.Type.String(), col.Nullable})
	}
	return h
}

var typesByName = map[string]schema.Type{
	"string": schema.String, "int": schema.Int, "long": schema.Long, "float": schema.Float, "double": schema.Double, "boolean": schema.Boolean,
}

var (
	// errNoHeader means that a file ends before its header does, or that the header is damaged.
	errNoHeader = errors.New("the header is not whole")
	// errShort is the former of these.
	errShort = fmt.Errorf("%w: the file ends in it", errNoHeader)
)

// readHeader reads the header and returns how many bytes it has.
func readHeader(r io.Reader) (h header, size int64, err error) {
	var head [len(magic) + 12]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return h, 0, endOr(err, errShort)
	}
	if string(head[:len(magic)]) != magic {
		return h, 0, errNoHeader
	}
	rest := head[len(magic):]
	if v := binary.LittleEndian.Uint32(rest); v != formatVersion {
		return h, 0, fmt.Errorf("it has version %d, this program reads version %d: use the program that wrote it, or a newer one", v, formatVersion)
	}
	n := binary.LittleEndian.Uint32(rest[4:])
	if n > 1<<20 {
		return h, 0, errNoHeader
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(r, text); err != nil {
		return h, 0, endOr(err, errShort)
	}
	if crc32.Update(crc32.Checksum(rest[:8], crcTable), crcTable, text) != binary.LittleEndian.Uint32(rest[8:]) {
		return h, 0, errNoHeader
	}
	if err := json.Unmarshal(text, &h); err != nil {
		return h, 0, errNoHeader
	}
	return h, int64(len(head)) + int64(n), nil
}

func columnsOf(h header) (*Columns, error) {
	var list []schema.Column
	for _, c := range h.Columns {
		t, ok := typesByName[c.Type]
		if !ok {
			return nil, fmt.Errorf("column %s has the unknown type %q", c.Name, c.Type)
		}
		list = append(list, schema.Column{Name: c.Name, Type: t, Nullable: c.Nullable})
	}
	return newColumns(list), nil
}

// appendFrame appends a frame with the records, of which the first gets the number.
func appendFrame(b []byte, first uint64, arrived int64, records []*Record) []byte {
	at := len(b)
	b = append(b, make([]byte, frameHead)...)
	b = binary.LittleEndian.AppendUint64(b, first)
	b = binary.LittleEndian.AppendUint64(b, uint64(arrived))
	b = binary.AppendUvarint(b, uint64(len(records)))
	for _, r := range records {
		b = appendRecord(b, r)
	}
	payload := b[at+frameHead:]
	binary.LittleEndian.PutUint32(b[at:], uint32(len(payload)))
	binary.LittleEndian.PutUint32(b[at+4:], crc32.Checksum(payload, crcTable))
	return b
}

// frame is a decoded frame and where it ends in its file.
type frame struct {
	first, next uint64
	arrived     int64
	records     []*Record
	end         int64
}

// errTorn means that a segment goes on with something that is no whole frame.
var errTorn = errors.New("what follows is not a whole frame")

// open reads the header of the segment's file, which fills in the columns.
func (s *segment) open() (f *os.File, size int64, err error) {
	f, err = os.Open(s.path)
	if err != nil {
		return nil, 0, err
	}
	h, size, err := readHeader(f)
	if err == nil && s.columns == nil {
		s.columns, err = columnsOf(h)
	}
	if err == nil && (h.First != s.first || segmentName(h.First) != filepath.Base(s.path)) {
		err = fmt.Errorf("it begins with record %d, its name says another", h.First)
	}
	if err != nil {
		return nil, 0, errors.Join(fmt.Errorf("segment %s: %w", s.path, err), f.Close())
	}
	return f, size, nil
}

// frames reads the segment frame by frame, up to record s.next where that is known.
// It ends with errTorn where a frame is not whole, and says where that begins.
func (s *segment) frames() iter.Seq2[frame, error] {
	return func(yield func(frame, error) bool) {
		f, at, err := s.open()
		if err != nil {
			yield(frame{}, err)
			return
		}
		defer f.Close()
		in := bufio.NewReaderSize(f, 256<<10)
		next := s.first
		var head [frameHead]byte
		var payload []byte
		for s.next == 0 || next < s.next {
			n, err := io.ReadFull(in, head[:])
			if n == 0 && errors.Is(err, io.EOF) {
				return
			}
			size := binary.LittleEndian.Uint32(head[:])
			if err != nil || size == 0 || size > maxFrame {
				yield(frame{end: at}, endOr(err, errTorn))
				return
			}
			payload = append(payload[:0], make([]byte, size)...)
			if _, err := io.ReadFull(in, payload); err != nil || crc32.Checksum(payload, crcTable) != binary.LittleEndian.Uint32(head[4:]) {
				yield(frame{end: at}, endOr(err, errTorn))
				return
			}
			at += frameHead + int64(size)
			fr, err := s.decode(payload)
			if err == nil && fr.first != next {
				err = fmt.Errorf("record %d follows record %d", fr.first, next-1)
			}
			fr.end = at
			if !yield(fr, err) || err != nil {
				return
			}
			next = fr.next
		}
	}
}

// endOr returns what the file's end means, unless reading failed for another reason.
func endOr(err, end error) error {
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return end
	}
	return err
}

func (s *segment) decode(payload []byte) (frame, error) {
	if len(payload) < minPayload {
		return frame{}, errRecord
	}
	fr := frame{first: binary.LittleEndian.Uint64(payload), arrived: int64(binary.LittleEndian.Uint64(payload[8:]))}
	d := reader{in: payload[16:], ok: true}
	n := d.uvarint()
	for i := range n {
		if !d.ok {
			break
		}
		r := d.record(s.columns)
		r.Seq, r.Arrived = fr.first+i, fr.arrived
		fr.records = append(fr.records, r)
	}
	if !d.ok || len(d.in) > 0 {
		return frame{}, errRecord
	}
	fr.next = fr.first + n
	return fr, nil
}
