package ingest_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"bespoke"
	"bespoke/ingest"
)

// An object that is no longer whole, or changed, fails the import for good and
// never does worse; whatever is wrong is never taken for rows that end early.
func TestDamaged(t *testing.T) {
	t.Parallel()
	text := "USER_ID,ITEM_ID,EVENT_TYPE,EVENT_VALUE,TIMESTAMP\nu1,i1,,,1\nu2,i2,click,1.5,2\n"
	r := rand.New(rand.NewPCG(3, 3))
	for name, whole := range map[string]string{
		"gzip": gzipped(t, text), "zstd": zstandard(t, text), "parquet": asParquet(t, text, 0), "parquet plain": asParquet(t, text, 3),
		"gzip in two": gzipped(t, text[:60]) + gzipped(t, text[60:]),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			try := func(data string) (ingest.Result, error) {
				cfg := config(t, bespoke.Interactions, interactions(t), objects{"a": data})
				res, err := ingest.Run(t.Context(), cfg)
				if _, ok := errors.AsType[*bespoke.Error](err); err != nil && !ok {
					t.Errorf("error %v would not fail the job", err)
				}
				if left, _ := os.ReadDir(cfg.Dir); err != nil && len(left) > 0 {
					t.Errorf("left %v", left)
				}
				return res, err
			}
			if res, err := try(whole); err != nil || res.Counts.Accepted != 2 {
				t.Fatalf("whole: %+v, %v", res.Counts, err)
			}
			for n := 4; n < len(whole); n += 1 + len(whole)/60 {
				if name == "gzip in two" && n == len(gzipped(t, text[:60])) {
					continue // whole members
				}
				if res, err := try(whole[:n]); err == nil {
					t.Errorf("the first %d of %d bytes: %+v", n, len(whole), res.Counts)
				}
			}
			for range 60 {
				b := []byte(whole)
				b[r.IntN(len(b))] ^= 1 << r.IntN(8)
				_, _ = try(string(b))
			}
		})
	}
}

// What the formats do not allow is refused with what to do instead.
func TestFormatsRefused(t *testing.T) {
	t.Parallel()
	const header = "USER_ID,ITEM_ID,EVENT_TYPE,EVENT_VALUE,TIMESTAMP\n"
	f := func(data, want string) {
		t.Helper()
		src := objects{"a": data}
		for _, err := range []error{
			ingest.Header(t.Context(), src, src.list(), interactions(t), false),
			func() error {
				_, err := ingest.Run(t.Context(), config(t, bespoke.Interactions, interactions(t), src))
				return err
			}(),
		} {
			e, ok := errors.AsType[*bespoke.Error](err)
			if !ok || e.Code != bespoke.InvalidInput || e.Msg != want {
				t.Errorf("%.40q: error %v\nwant %s", data, err, want)
			}
		}
	}
	f(gzipped(t, gzipped(t, header)), "s3://b/a is compressed with gzip, and what is in it again: import what is in it.")
	f(zstandard(t, "PAR1"), "s3://b/a is compressed with zstd, and what is in it again: import what is in it.")
	f(gzipped(t, ""), "s3://b/a: the first row is empty; it must name the columns.")
	f(gzipped(t, "USER_ID;ITEM_ID\n"), `s3://b/a: the header "USER_ID;ITEM_ID" seems to separate columns by something else than commas; write the file with commas.`)
	f("[{\"USER_ID\":1}]", "s3://b/a is not a CSV file in UTF-8: it looks like a JSON array; write one object a line, without brackets and commas around them.")
	f("{\n  \"USER_ID\": 1\n}\n", "s3://b/a: it looks like JSON Lines, but no row is an object: the line is not valid JSON: it ends where there should be a key in quotes; an object may not have line breaks.")
	f("PAR1"+strings.Repeat("x", 100), "s3://b/a cannot be read as Parquet: its end is not that of a Parquet file; upload the whole file.")
	f("PAR1"+strings.Repeat("x", 100)+"PARE", "s3://b/a is an encrypted Parquet file: write it without encryption.")
	long := header + strings.Repeat("u,i,,,1\n", 3_000_000)
	f(zstandard(t, long, zstd.WithWindowSize(16<<20), zstd.WithSingleSegment(false)), "s3://b/a was compressed by zstd with a window of more than 8 MiB: compress it without --long and --ultra.")

	cfg := config(t, bespoke.Interactions, interactions(t), objects{"a": gzipped(t, header)})
	cfg.CSVOnly = true
	if _, err := ingest.Run(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "it is compressed with gzip; decompress it") {
		t.Errorf("CSVOnly: error %v", err)
	}
}

// What a few bytes decompress to is neither held in memory nor read to its end
// once the import is cancelled.
func TestBomb(t *testing.T) {
	t.Parallel()
	const header = "USER_ID,ITEM_ID,EVENT_TYPE,EVENT_VALUE,TIMESTAMP\n"
	member := gzipped(t, strings.Repeat("u,i,,,1\n", 1<<20))
	cfg := config(t, bespoke.Interactions, interactions(t), objects{"a": gzipped(t, header) + strings.Repeat(member, 1<<10)})
	cfg.Progress = &ingest.Progress{}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		for tick := time.NewTicker(time.Millisecond); cfg.Progress.Rows.Load() < 2<<20; {
			<-tick.C
		}
		cancel()
	}()
	if _, err := ingest.Run(ctx, cfg); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if n := cfg.Progress.Rows.Load(); n > 20<<20 {
		t.Errorf("read %d of %d rows", n, 1<<30)
	}
	if left, _ := os.ReadDir(cfg.Dir); len(left) > 0 {
		t.Errorf("left %v", left)
	}
}
