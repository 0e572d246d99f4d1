// Package ingest turns CSV objects into Parquet data files: it is the hot path
// of imports. Bytes become records, records typed and checked columns, columns
// data files; rows that repeat others are found on the way. Nothing that it
// writes is visible to anybody before the caller commits it to a table.
//
// [Run] does a whole import, [Header] only what a create call must know before
// it answers. Inside, objects are cut into splits of a few MiB that are
// fetched ahead and decoded by several workers: a record is one physical line,
// so that a split can begin anywhere. Each batch of records is decoded column
// by column into the columns of a Parquet writer, and for each row a
// fingerprint of its key goes into a log that is partitioned, and spilled to
// disk where it grows beyond its share of memory. When all is read, each
// partition of the log by itself tells which of its rows are duplicates.
//
// Memory stays within Config.Memory and some 100 MiB for buffers, whatever the
// size of rows and the number of distinct values. What grows with the number of
// rows does so slowly: a quarter of a byte per row and worker while duplicates
// are looked for, one bit per row in stretches that have any, and some bytes
// per split.
//
// The package knows neither S3 nor tables: objects come from a [Source],
// existing rows from a function, and the result is a list of files and of row
// positions.
package ingest
