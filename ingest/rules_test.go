package ingest

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCutText(t *testing.T) {
	t.Parallel()
	f := func(text string, want int) {
		t.Helper()
		got := cutText([]byte(text))
		if n := utf8.RuneCount(got); n != want || !strings.HasPrefix(text, string(got)) {
			t.Errorf("%.10q of %d characters: kept %d, want %d", text, utf8.RuneCountInString(text), n, want)
		}
	}
	f("", 0)
	f(strings.Repeat("a", 20_000), 20_000)
	f(strings.Repeat("a", 20_001), 20_000)
	f(strings.Repeat("ü", 30_000), 20_000)
	f(strings.Repeat("漢", 7_000), 7_000)
	f(strings.Repeat("漢", 7_001), 7_000)
	f(strings.Repeat("カ", 19_000), 7_000)
	f(strings.Repeat("한", 19_000), 19_000) // Korean
	f(strings.Repeat("english ", 2_000)+"漢字", 16_002)
}
