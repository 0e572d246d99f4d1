// Package history holds interactions as integers, which is what training,
// evaluation and serving read. It knows no file format: readers fill a History
// or use a Builder. Start with History, then Sequences.
package history
