package awsapi

import (
	"net/http"
	"strings"

	"bespoke"
)

// authorization is a parsed Authorization header:
//
//	AWS4-HMAC-SHA256 Credential=KEY/20260102/us-east-1/personalize/aws4_request, SignedHeaders=host;x-amz-date, Signature=HEX
type authorization struct {
	accessKey string
	scope     string // date/region/service/aws4_request
	date      string // yyyymmdd
	region    string
	service   string
	headers   string // the signed ones: lower case, sorted, joined by semicolons
	signature string // 64 hexadecimal digits
}

const (
	algorithm  = "AWS4-HMAC-SHA256"
	terminator = "aws4_request"
)

// parseAuthorization parses the header's value. Its errors are IncompleteSignature
// and name each part that is missing or malformed.
func parseAuthorization(value string) (authorization, error) {
	var a authorization
	name, rest, _ := strings.Cut(strings.TrimSpace(value), " ")
	if name != algorithm {
		return a, bespoke.Errorf(bespoke.IncompleteSign, "Unsupported AWS 'algorithm': '%s'. Sign requests with %s.", cut(name), algorithm)
	}
	var credential string
	for part := range strings.SplitSeq(rest, ",") {
		key, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		switch {
		case !ok:
			return a, bespoke.Errorf(bespoke.IncompleteSign, "'%s' not a valid key=value pair (missing equal-sign) in Authorization header.", cut(part))
		case key == "Credential":
			credential = value
		case key == "SignedHeaders":
			a.headers = value
		case key == "Signature":
			a.signature = value
		}
	}
	var missing []string
	for _, p := range [...]struct{ name, value string }{{"Credential", credential}, {"Signature", a.signature}, {"SignedHeaders", a.headers}} {
		if p.value == "" {
			missing = append(missing, "Authorization header requires '"+p.name+"' parameter.")
		}
	}
	if missing != nil {
		return a, &bespoke.Error{Code: bespoke.IncompleteSign, Msg: strings.Join(missing, " ")}
	}
	return a, a.parseCredential(credential)
}

// parseCredential takes the credential apart. An access key may not hold a
// slash, so that each part has one meaning.
func (a *authorization) parseCredential(credential string) error {
	key, scope, _ := strings.Cut(credential, "/")
	date, rest, _ := strings.Cut(scope, "/")
	region, rest, _ := strings.Cut(rest, "/")
	service, last, _ := strings.Cut(rest, "/")
	if key == "" || region == "" || service == "" || last != terminator || !digits(date, 8) {
		return bespoke.Errorf(bespoke.IncompleteSign, "Credential must be KEY/YYYYMMDD/REGION/SERVICE/%s, got '%s'.", terminator, cut(credential))
	}
	if !hexadecimal(a.signature, 64) {
		return bespoke.Errorf(bespoke.IncompleteSign, "Signature must be 64 hexadecimal digits in lower case, got '%s'.", cut(a.signature))
	}
	a.accessKey, a.scope, a.date, a.region, a.service = key, scope, date, region, service
	return nil
}

// signs reports whether the header, in lower case, is among the signed ones.
func (a *authorization) signs(header string) bool {
	for name, rest, more := strings.Cut(a.headers, ";"); ; name, rest, more = strings.Cut(rest, ";") {
		if name == header || !more {
			return name == header
		}
	}
}

func digits(s string, n int) bool {
	return len(s) == n && strings.Trim(s, "0123456789") == ""
}

func hexadecimal(s string, n int) bool {
	return len(s) == n && strings.Trim(s, "0123456789abcdef") == ""
}

// cut shortens what a client sent for a message.
func cut(s string) string {
	const shown = 100
	if len(s) <= shown {
		return s
	}
	return strings.ToValidUTF8(s[:shown], "") + "..."
}

// ClaimedService returns the service that a request says it is signed for, such
// as "iam", or "" where it does not say. It is for choosing who answers on an
// address that several services share; nothing is verified.
func ClaimedService(r *http.Request) string {
	credential := r.Header.Get("Authorization")
	for { // the last one counts
		_, after, ok := strings.Cut(credential, "Credential=")
		if !ok {
			break
		}
		credential = after
	}
	credential, _, _ = strings.Cut(credential, ",")
	scope, ok := strings.CutSuffix(strings.TrimSpace(credential), "/"+terminator)
	if !ok {
		return ""
	}
	return scope[strings.LastIndexByte(scope, '/')+1:]
}
