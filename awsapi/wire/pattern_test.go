package wire

import "testing"

// FuzzPlainPatterns checks that hand-written matchers agree with the patterns
// that they stand for.
func FuzzPlainPatterns(f *testing.F) {
	for _, seed := range []string{
		"arn:aws:personalize:us-east-1:000000000000:schema/s", "arn:aws-cn:personalize:::x", "arn:aws:personalize::::", "arn:aws:personalize:::",
		"arn::personalize:::x", "arn:AWS:personalize:::x", "arn:aws:s3:::x", "arn:a:personalize:b:c\u2028:d", "arn:a:personalize:\xff::\x85", "",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for i := range patterns {
			p := &patterns[i]
			if p.plain != nil && p.plain(s) != p.matchExpr(s) {
				t.Errorf("%q: the matcher says %v of %s", s, p.plain(s), p.text)
			}
		}
	})
}
