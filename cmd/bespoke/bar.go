package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// bar shows the progress of one import job on a terminal: one line that is
// drawn over and over. On anything else it prints nothing but its last line.
type bar struct {
	w        io.Writer
	terminal bool
	started  time.Time
	width    int // characters of the last drawing, to be overwritten
}

func newBar(w io.Writer) *bar {
	b := &bar{w: w, started: time.Now()}
	if f, ok := w.(*os.File); ok {
		info, err := f.Stat()
		b.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return b
}

// draw shows how far a job is: a bar by bytes, rows, rate and time left.
func (b *bar) draw(p jobProgress) {
	if b.terminal {
		b.line(p, "\r")
	}
}

// done draws the last state and leaves it on the screen.
func (b *bar) done(p jobProgress) {
	start := ""
	if b.terminal {
		start = "\r"
	}
	b.line(p, start)
	fmt.Fprintln(b.w)
}

func (b *bar) line(p jobProgress, start string) {
	const cells = 24
	share := 0.0
	switch {
	case p.Status == "ACTIVE":
		share = 1
	case p.Bytes.Expected > 0:
		share = min(1, float64(p.Bytes.Done)/float64(p.Bytes.Expected))
	}
	full := int(share * cells)
	elapsed := time.Since(b.started)
	text := fmt.Sprintf("[%s%s] %3.0f %%  %s rows  %s rows/s", strings.Repeat("=", full), strings.Repeat(" ", cells-full),
		share*100, grouped(p.Rows.Read), grouped(int64(p.RowsPerSecond)))
	if share > 0 && share < 1 {
		left := time.Duration(float64(elapsed) * (1 - share) / share)
		text += fmt.Sprintf("  %s left", left.Round(time.Second))
	} else {
		text += fmt.Sprintf("  %s", strings.ToLower(p.Phase))
	}
	pad := max(0, b.width-len(text))
	b.width = len(text)
	fmt.Fprint(b.w, start, text, strings.Repeat(" ", pad))
}

// grouped writes n with a comma between each three digits.
func grouped(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
