package ingest

import (
	"fmt"
	"iter"
	"os"
	"sync"
	"sync/atomic"
	"unsafe"
)

// A row is known in the log by its ordinal of 40 bits: for new rows the split
// and the number in the split, for existing ones a running number.
const (
	ordinalBits = 40
	splitShift  = 23 // a split of 8 MiB has fewer rows than 2^23
	ordinalMask = 1<<ordinalBits - 1
)

// key is what the log keeps of a row: 88 bits of its fingerprint and its
// ordinal. That any two of a billion different rows agree in 88 bits has a
// probability of 2 in a billion.
type key struct {
	high uint64 // of the fingerprint; its first bits choose the partition
	low  uint64 // 24 more bits, then the ordinal
}

func newKey(a, b, ordinal uint64) key { return key{a, b<<ordinalBits | ordinal} }

func (k key) ordinal() uint64 { return k.low & ordinalMask }

// same reports whether k and o have the same fingerprint.
func (k key) same(o key) bool { return k.high == o.high && (k.low^o.low)>>ordinalBits == 0 }

const (
	partitionBits = 8
	partitions    = 1 << partitionBits
	blockKeys     = 1024 // what a writer collects for a partition before it hands it over
	keyBytes      = int(unsafe.Sizeof(key{}))
)

// keyLog holds the keys of all rows, by partition, each in blocks in no
// particular order. Blocks beyond the memory it may use are in a file.
type keyLog struct {
	dir    string
	budget atomic.Int64 // bytes of memory left

	mu   sync.Mutex
	file *os.File // nil until the memory is used up; has no name
	next int64    // where the next block goes

	parts [partitions]struct {
		mu     sync.Mutex
		memory [][]key
		disk   []extent
	}
}

// extent is a block in the file.
type extent struct {
	at int64
	n  int32
}

func newKeyLog(dir string, memory int64) *keyLog {
	l := &keyLog{dir: dir}
	l.budget.Store(memory)
	return l
}

// put takes over the keys of a block of one partition. It reports whether it
// kept the slice.
func (l *keyLog) put(partition int, keys []key) (kept bool, err error) {
	p := &l.parts[partition]
	size := int64(cap(keys) * keyBytes)
	if l.budget.Add(-size) >= 0 {
		p.mu.Lock()
		p.memory = append(p.memory, keys)
		p.mu.Unlock()
		return true, nil
	}
	l.budget.Add(size)
	f, at, err := l.reserve(int64(len(keys) * keyBytes))
	if err != nil {
		return false, err
	}
	if _, err := f.WriteAt(bytesOf(keys), at); err != nil {
		return false, fmt.Errorf("spill keys to %s: %w", l.dir, err)
	}
	p.mu.Lock()
	p.disk = append(p.disk, extent{at, int32(len(keys))})
	p.mu.Unlock()
	return false, nil
}

// reserve returns the file and where n bytes may be written in it.
func (l *keyLog) reserve(n int64) (*os.File, int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		f, err := unnamed(l.dir, "keys")
		if err != nil {
			return nil, 0, fmt.Errorf("spill keys: %w", err)
		}
		l.file = f
	}
	at := l.next
	l.next += n
	return l.file, at, nil
}

// count returns how many keys a partition has.
func (l *keyLog) count(partition int) int {
	p, n := &l.parts[partition], 0
	for _, keys := range p.memory {
		n += len(keys)
	}
	for _, e := range p.disk {
		n += int(e.n)
	}
	return n
}

// blocks yields the keys of a partition, which may be used for other things
// until the next block, and forgets them.
func (l *keyLog) blocks(partition int) iter.Seq2[[]key, error] {
	return func(yield func([]key, error) bool) {
		p := &l.parts[partition]
		for i, keys := range p.memory {
			p.memory[i] = nil
			if !yield(keys, nil) {
				return
			}
		}
		scratch := make([]key, blockKeys)
		for _, e := range p.disk {
			keys := scratch[:e.n]
			if _, err := l.file.ReadAt(bytesOf(keys), e.at); err != nil {
				yield(nil, fmt.Errorf("read spilled keys in %s: %w", l.dir, err))
				return
			}
			if !yield(keys, nil) {
				return
			}
		}
		p.memory, p.disk = nil, nil
	}
}

// take appends the keys of a partition to dst and forgets them.
func (l *keyLog) take(partition int, dst []key) ([]key, error) {
	p := &l.parts[partition]
	for _, keys := range p.memory {
		dst = append(dst, keys...)
	}
	for _, e := range p.disk {
		at := len(dst)
		dst = append(dst, make([]key, e.n)...)
		if _, err := l.file.ReadAt(bytesOf(dst[at:]), e.at); err != nil {
			return nil, fmt.Errorf("read spilled keys in %s: %w", l.dir, err)
		}
	}
	p.memory, p.disk = nil, nil
	return dst, nil
}

// close frees the file.
func (l *keyLog) close() error {
	if l.file == nil {
		return nil
	}
	return l.file.Close()
}

// bytesOf returns the memory of keys: the file is read by the same process
// only, so that byte order does not matter.
func bytesOf(keys []key) []byte {
	if len(keys) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&keys[0])), len(keys)*keyBytes)
}

// keyWriter adds keys to a log for one worker.
type keyWriter struct {
	log    *keyLog
	blocks [partitions][]key
}

// add adds the keys of n rows with the given fingerprints, whose ordinals
// begin with ordinal.
func (w *keyWriter) add(p *prints, n int, ordinal uint64) error {
	for r := range n {
		if err := w.one(newKey(p.a[r], p.b[r], ordinal+uint64(r))); err != nil {
			return err
		}
	}
	return nil
}

func (w *keyWriter) one(k key) error {
	i := k.high >> (64 - partitionBits)
	b := append(w.blocks[i], k)
	if len(b) < blockKeys {
		w.blocks[i] = b
		return nil
	}
	return w.put(int(i), b)
}

func (w *keyWriter) put(i int, b []key) error {
	kept, err := w.log.put(i, b)
	w.blocks[i] = b[:0]
	if kept {
		w.blocks[i] = make([]key, 0, blockKeys)
	}
	return err
}

// flush hands over what is left.
func (w *keyWriter) flush() error {
	for i, b := range w.blocks {
		if len(b) == 0 {
			continue
		}
		kept, err := w.log.put(i, b)
		if err != nil {
			return err
		}
		if w.blocks[i] = b[:0]; kept {
			w.blocks[i] = nil
		}
	}
	return nil
}
