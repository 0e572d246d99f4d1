package ingest_test

import (
	"fmt"
	"strings"
	"testing"

	"bespoke"
	"bespoke/ingest"
)

func TestHeader(t *testing.T) {
	t.Parallel()
	s := interactions(t)
	csvOnly := false
	const good = "USER_ID,ITEM_ID,EVENT_TYPE,EVENT_VALUE,TIMESTAMP"
	f := func(want string, texts ...string) {
		t.Helper()
		src := objects{}
		for i, text := range texts {
			src[fmt.Sprint(i)] = text
		}
		err := ingest.Header(t.Context(), src, src.list(), s, csvOnly)
		switch {
		case want == "" && err == nil:
		case err == nil:
			t.Errorf("%q: no error, want %s", texts, want)
		case err.Error() != "InvalidInputException: "+want:
			t.Errorf("%.50q:\n got %v\nwant %s", texts, err, want)
		}
	}
	f("", good)
	f("", good+"\n", good+"\r\nx")
	f("", "\ufeff"+good+"\n1,2,3,4,5")
	f("", "timestamp, x,event_VALUE,ITEM_ID,\"USER_ID\",EVENT_TYPE\n")
	f("", good+",user_id,,\n")              // exact match wins, nameless columns are nobody's
	f("", good+"\n", strings.ToLower(good)) // names differ in case only
	f("Input csv is missing the following columns: [ITEM_ID, TIMESTAMP] (s3://b/0)", "EVENT_TYPE,EVENT_VALUE,USER_ID\n")
	f("Input csv is missing the following columns: [USER_ID] (s3://b/0)", "\ufeff\ufeff"+good)
	f("s3://b/0: the header names the column USER_ID twice.", good+",USER_ID")
	f("s3://b/0: the columns user_id and User_ID of the header could both be USER_ID.", "user_id,User_ID,ITEM_ID,EVENT_TYPE,EVENT_VALUE,TIMESTAMP")
	f("All objects must have the same header: s3://b/0 has the columns [EVENT_TYPE, EVENT_VALUE, ITEM_ID, TIMESTAMP, USER_ID], "+
		"s3://b/1 has [EVENT_TYPE, EVENT_VALUE, EXTRA, ITEM_ID, TIMESTAMP, USER_ID].", good, good+",EXTRA")
	f("s3://b/0: the first row is empty; it must name the columns.", "")
	f("s3://b/0: the first row is empty; it must name the columns.", "\r\n"+good)
	f(`s3://b/0: the header "USER_ID;ITEM_ID;EVENT_TYPE;EVENT_VALUE;TIMESTAMP" seems to separate columns by something else than commas; `+
		`write the file with commas.`, strings.ReplaceAll(good, ",", ";"))
	f(`s3://b/0: the header "USER_ID\tITEM_ID\tEVENT_TYPE\tEVENT_VALUE\tTIMESTAMP" seems to separate columns by something else than commas; `+
		`write the file with commas.`, strings.ReplaceAll(good, ",", "\t"))
	f(`Input csv is missing the following columns: [USER_ID, ITEM_ID, EVENT_TYPE, EVENT_VALUE, TIMESTAMP] (s3://b/0). `+
		`The first row, "u1,i1,click,,1700000000", looks like data: put a header before it, such as USER_ID,ITEM_ID,EVENT_TYPE,EVENT_VALUE,TIMESTAMP`,
		"u1,i1,click,,1700000000\nu2,i1,click,,1700000000\n")
	f("", good+"\r1,2,3,4,5\r")
	f("", good+"\r")
	f("s3://b/0: rows end with a lone carriage return; end them with a line feed.", "\r"+good+"\r1,2,3,4,5\r")
	f("s3://b/0 is not a CSV file in UTF-8: it looks like a JSON array; write one object a line, without brackets and commas around them.", "[\n")
	f("s3://b/0 is not a CSV file in UTF-8: it is a ZIP archive or a spreadsheet; export CSV.", "PK\x03\x04")
	f("s3://b/0 is not a CSV file in UTF-8: it is UTF-16; save it as UTF-8.", "\xff\xfeU\x00")
	f("s3://b/0 is not a CSV file in UTF-8: the first row has null bytes; save it as UTF-8 text.", "U\x00S\x00")
	f("s3://b/0: the header is malformed: text follows the closing quote: a quote inside a quoted value is written as \\\" or \"\".", `"USER_ID"x,b`)
	f("s3://b/0: the first row is longer than 1048576 bytes: check that rows end with line feeds.", good+strings.Repeat(",long", 300000))
	f("", good+","+strings.Repeat("long", 50000)+"\n") // longer than what is read at first
	csvOnly = true
	f("", good+"\n")
	f("s3://b/0 is not a CSV file in UTF-8: it is compressed with gzip; decompress it.", "\x1f\x8b\x08")
	f("s3://b/0 is not a CSV file in UTF-8: it is compressed with zstd; decompress it.", "\x28\xb5\x2f\xfd")
	f("s3://b/0 is not a CSV file in UTF-8: it is a Parquet file; export CSV.", "PAR1")
	f("s3://b/0 is not a CSV file in UTF-8: it looks like JSON; export CSV.", "{\"USER_ID\":1}")
}

// A header that only Run sees, that of a small object, is checked the same.
func TestRunHeader(t *testing.T) {
	t.Parallel()
	_, err := ingest.Run(t.Context(), config(t, bespoke.Interactions, interactions(t), objects{"a": "USER_ID\n1\n"}))
	if err == nil || err.Error() != "InvalidInputException: Input csv is missing the following columns: [ITEM_ID, EVENT_TYPE, EVENT_VALUE, TIMESTAMP] (s3://b/a)" {
		t.Errorf("error %v", err)
	}
}
