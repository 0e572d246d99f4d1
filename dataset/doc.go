// Package dataset reads a dataset as one, although its rows come from two
// stores: import jobs and individual imports. A [View] hides rows that a newer
// one replaces, and repeats of the same event, without changing the table.
//
// The rules: of the records of one user, item or action the newest counts, by
// the time at which it reached the service; between equal times an individual
// record beats an imported one, and a later row an earlier one. Of events equal
// in every column one counts. What a FULL import replaces is the table's
// business; it leaves individual rows alone.
// Source: developer guide, "Exporting data" and "Importing bulk data".
package dataset
