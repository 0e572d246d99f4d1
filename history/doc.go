// Package history holds interactions as integers, which is what training,
// evaluation and serving read. Read fills a History from a dataset's table, by row
// groups; other readers fill one by hand or use a Builder. Start with History, then
// Sequences.
package history
