// Package ingest turns objects of records into Parquet data files: it is the hot
// path of imports. Bytes become records, records typed and checked columns,
// columns data files; rows that repeat others are found on the way. Nothing that
// it writes is visible to anybody before the caller commits it to a table.
//
// [Run] does a whole import, [Header] only what a create call must know before
// it answers. Inside, objects become splits of a few MiB that are loaded ahead
// and decoded by several workers. A record of CSV or JSON Lines is one physical
// line, so that a split of plain text can begin anywhere; compressed text is
// decompressed in order into splits that end with a line; of Parquet a split is
// some row groups. Each format has its own way to a batch of records, whose
// fields are text. From there on all is the same: the batch is decoded column by
// column into the columns of a Parquet writer, and for each row a fingerprint of
// its key goes into a log that is partitioned, and spilled to disk where it grows
// beyond its share of memory. When all is read, each partition of the log by
// itself tells which of its rows are duplicates.
//
// Memory stays within Config.Memory and some 100 MiB for buffers, whatever the
// size of rows, the number of distinct values, and what compressed objects
// decompress to; pages of Parquet take at most 96 MiB more for each worker. What
// grows with the number of rows does so slowly: a quarter of a byte per row and
// worker while duplicates are looked for, one bit per row in stretches that have
// any, and some hundred bytes per split.
//
// The package knows neither S3 nor tables: objects come from a [Source],
// existing rows from a function, and the result is a list of files and of row
// positions.
package ingest
