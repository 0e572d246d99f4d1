package ingest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

// padded returns v with what parseInt asks for before and behind it: bytes
// that would be wrong if they were taken for part of the value.
func padded(v string) (buf []byte, start, end int) {
	buf = []byte("12345678" + v + "1234567890123456")
	return buf, 8, 8 + len(v)
}

func checkNumber(t *testing.T, v string) {
	t.Helper()
	wantInt, err := strconv.ParseInt(v, 10, 64)
	if got, ok := parseInt(padded(v)); ok != (err == nil) || ok && got != wantInt {
		t.Errorf("parseInt(%q) = %d, %v, want %d, %v", v, got, ok, wantInt, err)
	}
	plain := strings.Trim(v, "0123456789.eE+-") == ""
	want32, err := strconv.ParseFloat(v, 32)
	if got, ok := parseFloat32([]byte(v)); ok != (err == nil && plain) || ok && got != float32(want32) {
		t.Errorf("parseFloat32(%q) = %v, %v, want %v, %v", v, got, ok, want32, err)
	}
	want64, err := strconv.ParseFloat(v, 64)
	if got, ok := parseFloat64([]byte(v)); ok != (err == nil && plain) || ok && (got != want64 || got == 0 && math.Signbit(got)) {
		t.Errorf("parseFloat64(%q) = %v, %v, want %v, %v", v, got, ok, want64, err)
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	for _, v := range []string{"", "-", "+", ".", "-.", "0", "-0", "+0", "00", "1.", ".1", "-.5", "1..2", "1e5", "1e-5", "1e", "e1", "12:4", "1/2",
		"9223372036854775807", "9223372036854775808", "-9223372036854775808", "16777216", "16777217", "9007199254740993", "0.1", "1e400", "1e-400",
		"NaN", "Inf", "0x10", "1_0", " 1", "1 ", "340282346638528859811704183484516925440", "340282356779733661637539395458142568447", "8.5e37",
		"0.000000000001", "123456789.123456789", "99999999999999999999", "1234567890123456789", "12345678901234567890", "0.3", "1e23", "8388609.5"} {
		checkNumber(t, v)
	}
	r := rand.New(rand.NewPCG(3, 3))
	for range 200_000 {
		switch r.IntN(4) {
		case 0:
			checkNumber(t, fmt.Sprint(int64(r.Uint64()>>r.IntN(64))))
		case 1:
			checkNumber(t, strconv.FormatFloat(float64(math.Float32frombits(r.Uint32())), 'g', -1, 32))
		case 2:
			checkNumber(t, strconv.FormatFloat(r.Float64()*1e6, 'f', r.IntN(12), 64))
		case 3:
			b := make([]byte, r.IntN(20))
			for i := range b {
				b[i] = "0123456789012345678901234567890123456789.-e:/"[r.IntN(45)]
			}
			checkNumber(t, string(b))
		}
	}
}

func FuzzNumbers(f *testing.F) {
	f.Add("12.5")
	f.Add("-1e10")
	f.Fuzz(func(t *testing.T, v string) {
		if len(v) < 100 {
			checkNumber(t, v)
		}
	})
}
