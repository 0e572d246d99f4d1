package attribution

import (
	"bufio"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"os"
)

// runs are sorted sums in one file without a name.
type runs struct {
	dir  string
	file *os.File
	ends []int64 // where each run ends
}

// spill writes sums, which are sorted, behind the runs that are there.
func (r *runs) spill(sums iter.Seq2[total, float64]) error {
	if r.file == nil {
		f, err := os.CreateTemp(r.dir, "totals-*")
		if err != nil {
			return fmt.Errorf("attribution: %w", err)
		}
		if err := os.Remove(f.Name()); err != nil { // vanishes with the process
			return errors.Join(fmt.Errorf("attribution: %w", err), f.Close())
		}
		r.file = f
	}
	w := bufio.NewWriter(r.file)
	at := int64(0)
	if n := len(r.ends); n > 0 {
		at = r.ends[n-1]
	}
	var b []byte
	for k, v := range sums {
		b = binary.AppendVarint(b[:0], k.start)
		b = binary.AppendUvarint(b, uint64(k.metric))
		b = binary.AppendUvarint(b, uint64(len(k.source)))
		b = append(b, k.source...)
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		if _, err := w.Write(b); err != nil {
			return fmt.Errorf("attribution: %w", err)
		}
		at += int64(len(b))
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("attribution: %w", err)
	}
	r.ends = append(r.ends, at)
	return nil
}

func (r *runs) close() error {
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}

// pair is a sum under way.
type pair struct {
	key   total
	value float64
}

// merge yields the sums of all runs and of one more in memory, equal keys once.
func (r *runs) merge(last iter.Seq2[total, float64]) iter.Seq2[pair, error] {
	return func(yield func(pair, error) bool) {
		next, stop := iter.Pull2(last)
		defer stop()
		h := &cursors{}
		from := int64(0)
		for _, end := range r.ends {
			in := bufio.NewReaderSize(io.NewSectionReader(r.file, from, end-from), 16<<10)
			h.list = append(h.list, &cursor{next: func() (pair, error) { return readPair(in) }})
			from = end
		}
		h.list = append(h.list, &cursor{next: func() (pair, error) {
			k, v, ok := next()
			if !ok {
				return pair{}, io.EOF
			}
			return pair{k, v}, nil
		}})
		if err := h.start(); err != nil {
			yield(pair{}, err)
			return
		}
		for h.Len() > 0 {
			p := h.list[0].pair
			for first := true; first || h.Len() > 0 && h.list[0].pair.key == p.key; first = false {
				if !first {
					p.value += h.list[0].pair.value
				}
				if err := h.advance(); err != nil {
					yield(pair{}, err)
					return
				}
			}
			if !yield(p, nil) {
				return
			}
		}
	}
}

func readPair(in *bufio.Reader) (p pair, err error) {
	if p.key.start, err = binary.ReadVarint(in); err != nil {
		return p, err // io.EOF between two pairs
	}
	metric, err := binary.ReadUvarint(in)
	if err != nil {
		return p, err
	}
	n, err := binary.ReadUvarint(in)
	if err != nil {
		return p, err
	}
	b := make([]byte, n+8)
	if _, err := io.ReadFull(in, b); err != nil {
		return p, err
	}
	p.key.metric, p.key.source = int(metric), string(b[:n])
	p.value = math.Float64frombits(binary.LittleEndian.Uint64(b[n:]))
	return p, nil
}

// cursor is a place in one run.
type cursor struct {
	pair pair
	next func() (pair, error)
}

// cursors is a heap by the pair that comes next.
type cursors struct{ list []*cursor }

func (h *cursors) Len() int           { return len(h.list) }
func (h *cursors) Less(i, j int) bool { return h.list[i].pair.key.compare(h.list[j].pair.key) < 0 }
func (h *cursors) Swap(i, j int)      { h.list[i], h.list[j] = h.list[j], h.list[i] }
func (h *cursors) Push(x any)         { h.list = append(h.list, x.(*cursor)) }
func (h *cursors) Pop() any {
	last := h.list[len(h.list)-1]
	h.list = h.list[:len(h.list)-1]
	return last
}

// start reads the first pair of every run.
func (h *cursors) start() error {
	all := h.list
	h.list = nil
	for _, c := range all {
		var err error
		switch c.pair, err = c.next(); {
		case err == nil:
			h.list = append(h.list, c)
		case !errors.Is(err, io.EOF):
			return fmt.Errorf("attribution: %w", err)
		}
	}
	heap.Init(h)
	return nil
}

// advance reads the next pair of the first run.
func (h *cursors) advance() error {
	var err error
	switch h.list[0].pair, err = h.list[0].next(); {
	case errors.Is(err, io.EOF):
		heap.Pop(h)
	case err != nil:
		return fmt.Errorf("attribution: %w", err)
	default:
		heap.Fix(h, 0)
	}
	return nil
}
