package devcloud

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"bespoke"
	"bespoke/iam"
)

// Codes that only the query protocol has.
const (
	invalidAction  bespoke.Code = "InvalidAction"
	malformedInput bespoke.Code = "MalformedInput"
	malformedQuery bespoke.Code = "MalformedQueryString"
)

// queryError is a code as IAM and STS write it, with its status.
type queryError struct {
	code   bespoke.Code
	status int
}

// queryErrors are the codes whose status is not 400, and those that other
// protocols call by other names. Source: the common errors of the IAM and STS
// API references.
var queryErrors = map[bespoke.Code]queryError{
	iam.NoSuchEntity:         {status: http.StatusNotFound},
	iam.AlreadyExists:        {status: http.StatusConflict},
	iam.DeleteConflict:       {status: http.StatusConflict},
	iam.LimitExceeded:        {status: http.StatusConflict},
	iam.Unmodifiable:         {status: http.StatusForbidden},
	malformedQuery:           {status: http.StatusNotFound},
	bespoke.AccessDenied:     {"AccessDenied", http.StatusForbidden},
	bespoke.MissingAuth:      {"MissingAuthenticationToken", http.StatusForbidden},
	bespoke.UnrecognizedKey:  {"InvalidClientTokenId", http.StatusForbidden},
	bespoke.InvalidSignature: {"SignatureDoesNotMatch", http.StatusForbidden},
	bespoke.ExpiredToken:     {"ExpiredToken", http.StatusForbidden},
	bespoke.Throttling:       {"Throttling", http.StatusBadRequest},
	bespoke.Validation:       {"ValidationError", http.StatusBadRequest},
	bespoke.EntityTooLarge:   {"RequestEntityTooLarge", http.StatusRequestEntityTooLarge},
	bespoke.Internal:         {status: http.StatusInternalServerError},
	bespoke.Unavailable:      {status: http.StatusServiceUnavailable},
}

// WriteError writes a refusal as IAM and STS do. It is also for refusals that
// come before the handler, such as those of a signature.
func WriteError(w http.ResponseWriter, e *bespoke.Error) {
	q := queryErrors[e.Code]
	type wireError struct{ Type, Code, Message string }
	answer := struct {
		XMLName   xml.Name `xml:"ErrorResponse"`
		Space     string   `xml:"xmlns,attr"`
		Error     wireError
		RequestId string
	}{Space: space(iamVersion), RequestId: requestID(w)}
	answer.Error = wireError{"Sender", string(cmp.Or(q.code, e.Code)), e.Msg}
	status := cmp.Or(q.status, http.StatusBadRequest)
	if status >= 500 {
		answer.Error.Type = "Receiver"
	}
	write(w, status, answer)
}

func space(version string) string {
	if version == stsVersion {
		return "https://sts.amazonaws.com/doc/" + version + "/"
	}
	return "https://iam.amazonaws.com/doc/" + version + "/"
}

// envelope is the answer to a call.
type envelope struct {
	action, version string
	result          any
	id              string
}

// MarshalXML writes the result between tags that have the call's name.
func (v envelope) MarshalXML(e *xml.Encoder, _ xml.StartElement) error {
	outer := xml.StartElement{
		Name: xml.Name{Local: v.action + "Response"},
		Attr: []xml.Attr{{Name: xml.Name{Local: "xmlns"}, Value: space(v.version)}},
	}
	if err := e.EncodeToken(outer); err != nil {
		return err
	}
	if v.result != nil {
		if err := e.EncodeElement(v.result, xml.StartElement{Name: xml.Name{Local: v.action + "Result"}}); err != nil {
			return err
		}
	}
	meta := struct{ RequestId string }{v.id}
	if err := e.EncodeElement(meta, xml.StartElement{Name: xml.Name{Local: "ResponseMetadata"}}); err != nil {
		return err
	}
	return e.EncodeToken(outer.End())
}

func writeResult(w http.ResponseWriter, action, version string, result any) {
	write(w, http.StatusOK, envelope{action, version, result, requestID(w)})
}

func write(w http.ResponseWriter, status int, v any) {
	var text bytes.Buffer
	text.WriteString(xml.Header)
	if err := xml.NewEncoder(&text).Encode(v); err != nil {
		panic(err) // structs of strings, numbers and times always encode
	}
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	w.Write(text.Bytes())
}

// requestIDHeader carries the identifier of a request, set already where the
// server around the handler gives one.
const requestIDHeader = "x-amzn-RequestId"

func requestID(w http.ResponseWriter) string {
	id := w.Header().Get(requestIDHeader)
	if id == "" {
		var b [16]byte
		rand.Read(b[:])
		b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
		id = fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
		w.Header().Set(requestIDHeader, id)
	}
	return id
}

// members is a list on the wire. An empty one is written too: clients look at
// it without asking whether it is there.
type members[T any] struct {
	Members []T `xml:"member"`
}

// paging ends every list.
type paging struct {
	IsTruncated bool
	Marker      string `xml:",omitempty"`
}

// stamp is a time as IAM writes it.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// escape returns a policy document as it stands in answers: URL-encoded.
func escape(document string) string {
	return strings.ReplaceAll(url.QueryEscape(document), "+", "%20")
}
