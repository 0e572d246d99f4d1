package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
)

var errShort = errors.New("too few bytes")

// unpackRuns decodes len(out) numbers of width bits in the RLE hybrid encoding.
// Source: parquet-format Encodings.md, "Run Length Encoding / Bit-Packing Hybrid".
func unpackRuns(data []byte, width uint, out []uint32) error {
	for len(out) > 0 {
		head, n := binary.Uvarint(data)
		if n <= 0 {
			return errShort
		}
		data = data[n:]
		if head&1 == 0 { // one value, repeated
			bytes := int(width+7) / 8
			if len(data) < bytes {
				return errShort
			}
			v := uint32(0)
			for i := range bytes {
				v |= uint32(data[i]) << (8 * i)
			}
			data = data[bytes:]
			k := int(min(head>>1, uint64(len(out))))
			if k == 0 {
				return errors.New("an empty run")
			}
			for i := range k {
				out[i] = v
			}
			out = out[k:]
			continue
		}
		groups := head >> 1
		if groups == 0 || groups > uint64(len(out)+7)/8 && groups > uint64(len(data)) {
			return errors.New("a run of impossible length")
		}
		k := int(min(groups*8, uint64(len(out))))
		// The last bytes of the last run may be missing where nothing needs them.
		if need := (k*int(width) + 7) / 8; len(data) < need {
			return errShort
		}
		unpackBits(data, width, out[:k])
		out = out[k:]
		data = data[min(uint64(len(data)), groups*uint64(width)):]
	}
	return nil
}

// unpackBits decodes bit-packed numbers of at most 32 bits, least significant bit
// first. data has at least as many bits as they take.
func unpackBits(data []byte, width uint, out []uint32) {
	mask := uint64(1)<<width - 1
	bit := uint(0)
	i := 0
	for ; i < len(out) && int(bit>>3)+8 <= len(data); i++ {
		out[i] = uint32(binary.LittleEndian.Uint64(data[bit>>3:]) >> (bit & 7) & mask)
		bit += width
	}
	if i < len(out) { // near the end of the bytes
		var tail [16]byte
		from := int(bit >> 3)
		copy(tail[:], data[min(from, len(data)):])
		for bit -= uint(from) * 8; i < len(out); i++ {
			out[i] = uint32(binary.LittleEndian.Uint64(tail[bit>>3:]) >> (bit & 7) & mask)
			bit += width
		}
	}
}

// unpackDelta appends n numbers in the DELTA_BINARY_PACKED encoding to out.
// Source: parquet-format Encodings.md, "Delta Encoding".
func unpackDelta(data []byte, n int, out []int64) ([]int64, error) {
	var head [3]uint64
	for i := range head {
		v, k := binary.Uvarint(data)
		if k <= 0 {
			return out, errShort
		}
		head[i], data = v, data[k:]
	}
	if head[0] != blockSize || head[1] != miniBlocks {
		return out, fmt.Errorf("%w: blocks of %d in %d parts", ErrForeign, head[0], head[1])
	}
	if head[2] != uint64(n) {
		return out, fmt.Errorf("%d numbers, not %d", head[2], n)
	}
	last, k := binary.Varint(data)
	if k <= 0 {
		return out, errShort
	}
	data = data[k:]
	out = append(out, last)
	var tail [miniSize*8 + 8]byte
	for left := n - 1; left > 0; {
		least, k := binary.Varint(data)
		if k <= 0 || len(data) < k+miniBlocks {
			return out, errShort
		}
		widths := data[k : k+miniBlocks]
		data = data[k+miniBlocks:]
		for m := 0; m < miniBlocks && left > 0; m++ {
			width := uint(widths[m])
			size := miniSize / 8 * int(width)
			if width > 64 || len(data) < size {
				return out, errShort
			}
			from := data
			if len(data) < size+8 { // whole words are read
				copy(tail[:], data[:size])
				from = tail[:]
			}
			k := min(left, miniSize)
			at := len(out)
			out = room64(out, k)
			last = unpackMini(from, width, least, last, out[at:])
			data, left = data[size:], left-k
		}
	}
	return out, nil
}

func room64(s []int64, n int) []int64 {
	if cap(s)-len(s) < n {
		s = append(make([]int64, 0, max(2*cap(s), len(s)+n)), s...)
	}
	return s[:len(s)+n]
}

// unpackMini sums up differences of width bits, each more by least, beginning
// behind last. At least 8 bytes follow the last one in data.
func unpackMini(data []byte, width uint, least, last int64, out []int64) int64 {
	if width == 0 {
		for i := range out {
			last += least
			out[i] = last
		}
		return last
	}
	mask := ^uint64(0) >> (64 - width)
	bit := uint(0)
	for i := range out {
		v := binary.LittleEndian.Uint64(data[bit>>3:]) >> (bit & 7)
		if shift := bit & 7; width+shift > 64 {
			v |= uint64(data[bit>>3+8]) << (64 - shift)
		}
		last += least + int64(v&mask)
		out[i] = last
		bit += width
	}
	return last
}
