package ingest

import (
	"encoding/binary"
	"math"
	"strconv"
)

// digits reads the n decimal digits, 1 to 8, that end at buf[end]. Eight
// readable bytes must precede end.
// Source of the conversion: Johnny Lee, "Fast numeric string to int", 2016.
func digits(buf []byte, end, n int) (uint64, bool) {
	const zeros = 0x3030303030303030
	x := binary.LittleEndian.Uint64(buf[end-8 : end])
	shift := uint(64-8*n) & 63
	x = x>>shift<<shift | zeros&(1<<shift-1) // other text becomes leading zeros
	if (x&0xF0F0F0F0F0F0F0F0)|((x+0x0606060606060606)&0xF0F0F0F0F0F0F0F0)>>4 != 0x3333333333333333 {
		return 0, false
	}
	x = (x & 0x0F0F0F0F0F0F0F0F) * 2561 >> 8
	x = (x & 0x00FF00FF00FF00FF) * 6553601 >> 16
	return (x & 0x0000FFFF0000FFFF) * 42949672960001 >> 32, true
}

// parseInt reads a whole number: decimal digits, a sign before them if any.
// Eight readable bytes must precede buf[start:end].
func parseInt(buf []byte, start, end int) (v int64, ok bool) {
	n := end - start
	if n > 8 && n <= 16 {
		low, ok := digits(buf, end, 8)
		high, ok2 := digits(buf, end-8, n-8)
		if ok && ok2 {
			return int64(high*1e8 + low), true
		}
	} else if n <= 8 && n > 0 {
		if v, ok := digits(buf, end, n); ok {
			return int64(v), true
		}
	}
	v, err := strconv.ParseInt(string(buf[start:end]), 10, 64)
	return v, err == nil
}

// Powers of ten that floats hold exactly.
var (
	tens32 = [...]float32{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10}
	tens64 = [...]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
		1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}
)

// simple reads a number of at most 19 digits without exponent as
// mantissa / 10^places.
func simple(v []byte) (mantissa uint64, places int, negative, ok bool) {
	if len(v) > 0 && v[0] == '-' {
		negative, v = true, v[1:]
	}
	if len(v) == 0 || len(v) > 19 {
		return 0, 0, false, false
	}
	point := len(v) - 1
	for i, c := range v {
		if d := c - '0'; d <= 9 {
			mantissa = mantissa*10 + uint64(d)
		} else if c == '.' && point == len(v)-1 && len(v) > 1 {
			point = i
		} else {
			return 0, 0, false, false
		}
	}
	return mantissa, len(v) - 1 - point, negative, true
}

// parseFloat32 reads a finite number, rounded to the nearest float32. Where
// mantissa and power of ten are exact floats, one division rounds correctly;
// everything else is strconv's. Source: Clinger, PLDI 1990.
func parseFloat32(v []byte) (float32, bool) {
	if m, p, negative, ok := simple(v); ok && m <= 1<<24 && p < len(tens32) {
		f := float32(m) / tens32[p]
		if negative && m != 0 {
			f = -f
		}
		return f, true
	}
	f, ok := parseAnyFloat(v, 32)
	return float32(f), ok
}

// parseFloat64 reads a finite number, rounded to the nearest float64.
func parseFloat64(v []byte) (float64, bool) {
	if m, p, negative, ok := simple(v); ok && m <= 1<<53 && p < len(tens64) {
		f := float64(m) / tens64[p]
		if negative && m != 0 {
			f = -f
		}
		return f, true
	}
	return parseAnyFloat(v, 64)
}

// parseAnyFloat leaves it to strconv, but takes decimal numbers only: neither
// hexadecimal ones nor infinities, names and underscores. A zero has no sign.
func parseAnyFloat(v []byte, size int) (float64, bool) {
	for _, c := range v {
		if c-'0' > 9 && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E' {
			return 0, false
		}
	}
	f, err := strconv.ParseFloat(string(v), size)
	if f == 0 {
		f = 0 // also where it was -0
	}
	return f, err == nil && !math.IsInf(f, 0)
}
