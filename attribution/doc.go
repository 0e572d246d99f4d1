// Package attribution sums up numbers of events by where the events came from:
// what a metric attribution is defined by, the windows of a quarter of an hour
// that it leads to, and the report that is written of them. Start at [Parse] and
// [Tally]. Where events come from and sums go to is its caller's affair.
//
// Source: developer guide, "Measuring impact of recommendations".
package attribution
