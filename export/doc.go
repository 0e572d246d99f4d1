// Package export writes rows of a dataset as CSV that imports again without
// change, divided into parts of bounded size. It knows rows and text; where the
// parts go is its caller's affair. Start at [Run].
package export
