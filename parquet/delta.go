package parquet

import (
	"encoding/binary"
	"math/bits"
)

// A block of the DELTA_BINARY_PACKED encoding holds 128 differences in four
// mini-blocks, each packed as narrow as its largest difference allows.
const (
	blockSize  = 128
	miniBlocks = 4
	miniSize   = blockSize / miniBlocks
)

// appendDelta appends v, which is not empty, in the DELTA_BINARY_PACKED
// encoding. Differences wrap around at the width of T, as readers do.
// Source: parquet-format Encodings.md, "Delta Encoding".
func appendDelta[T int32 | int64](dst []byte, v []T) []byte {
	dst = binary.AppendUvarint(dst, blockSize)
	dst = binary.AppendUvarint(dst, miniBlocks)
	dst = binary.AppendUvarint(dst, uint64(len(v)))
	dst = binary.AppendVarint(dst, int64(v[0]))
	var d [blockSize]T
	for last, v := v[0], v[1:]; len(v) > 0; {
		n := min(len(v), blockSize)
		least := v[0] - last
		for i, x := range v[:n] {
			d[i] = x - last
			least = min(least, d[i])
			last = x
		}
		for i := n; i < blockSize; i++ {
			d[i] = least // packs to zero bits
		}
		v = v[n:]
		dst = appendBlock(dst, &d, least, (n+miniSize-1)/miniSize)
	}
	return dst
}

// appendBlock appends the differences less their minimum; used says how many
// mini-blocks hold values: the others have a width but no bytes.
func appendBlock[T int32 | int64](dst []byte, d *[blockSize]T, least T, used int) []byte {
	dst = binary.AppendVarint(dst, int64(least))
	mask := ^uint64(0)
	if _, narrow := any(least).(int32); narrow {
		mask = 1<<32 - 1
	}
	at := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	for m := range used {
		var u [miniSize]uint64
		var all uint64
		for i, x := range d[m*miniSize : (m+1)*miniSize] {
			u[i] = uint64(x-least) & mask
			all |= u[i]
		}
		width := uint(bits.Len64(all))
		dst[at+m] = byte(width)
		dst = packWide(dst, &u, width)
	}
	return dst
}

// packWide appends 32 numbers of width bits each, least significant bit first.
func packWide(dst []byte, v *[miniSize]uint64, width uint) []byte {
	n := miniSize * int(width) / 8
	at := len(dst)
	dst = grow(dst, n+8)
	out := dst[at:]
	var acc uint64
	var held uint
	o := 0
	for _, x := range v {
		acc |= x << held
		binary.LittleEndian.PutUint64(out[o:], acc)
		if held+width < 64 {
			held += width
			o += int(held >> 3)
			acc >>= held &^ 7
			held &= 7
		} else { // acc is full: what did not fit starts the next word
			o += 8
			acc = x >> (64 - held) // 0 where held is 0
			held = held + width - 64
		}
	}
	return dst[:at+n]
}
