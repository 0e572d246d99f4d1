package parquet

import "encoding/binary"

// pack appends v to dst as width-bit numbers, least significant bit first,
// padded with zeros to a multiple of eight numbers. That is the bit-packed run
// of Parquet's RLE hybrid encoding without its header. Width is 0 to 28.
func pack(dst []byte, v []uint32, width uint) []byte {
	if width > 28 {
		panic("parquet: dictionary index of more than 28 bits")
	}
	n := (len(v) + 7) / 8 * int(width)
	at := len(dst)
	dst = grow(dst, n+8) // the last store may reach eight bytes too far
	out := dst[at:]
	var acc uint64
	var bits uint
	o, i := 0, 0
	for ; i+2 <= len(v); i += 2 { // two at once: 2*28+7 bits fit
		acc |= (uint64(v[i]) | uint64(v[i+1])<<width) << bits
		bits += 2 * width
		binary.LittleEndian.PutUint64(out[o:], acc)
		o += int(bits >> 3)
		acc >>= bits &^ 7
		bits &= 7
	}
	if i < len(v) {
		acc |= uint64(v[i]) << bits
		bits += width
		binary.LittleEndian.PutUint64(out[o:], acc)
		o += int(bits+7) >> 3
	} else if bits > 0 {
		out[o] = byte(acc)
		o++
	}
	clear(out[o:max(o, n)])
	return dst[:at+n]
}

// packRun appends v as one bit-packed run of the RLE hybrid encoding.
func packRun(dst []byte, v []uint32, width uint) []byte {
	groups := (len(v) + 7) / 8
	dst = binary.AppendUvarint(dst, uint64(groups)<<1|1)
	return pack(dst, v, width)
}

// repeatRun appends n times v as one repeated run of the RLE hybrid encoding.
func repeatRun(dst []byte, v uint32, n int, width uint) []byte {
	dst = binary.AppendUvarint(dst, uint64(n)<<1)
	for range (width + 7) / 8 {
		dst = append(dst, byte(v))
		v >>= 8
	}
	return dst
}

// grow returns b longer by n bytes of any content.
func grow(b []byte, n int) []byte {
	if cap(b)-len(b) >= n {
		return b[:len(b)+n]
	}
	g := make([]byte, len(b)+n, (len(b)+n)*5/4)
	copy(g, b)
	return g
}
