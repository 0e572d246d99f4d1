// Package parquet writes Parquet files and reads their columns back, and knows only
// what an import needs of the format: flat columns of six types, dictionary pages made from indices that
// the caller already has, delta-packed integers, data pages of version 2. It
// is no general reader and writer; any reader of the format understands its
// files.
//
// It exists because the import's columns are born as dictionary indices and
// dense numbers: handing them over as they are, without one call per value,
// costs a fraction of what a general writer costs.
//
// Start reading at [Writer]; a [Numbers] or [Strings] column collects a page,
// encodes it when it is full, and the writer puts a row group of encoded
// chunks into the file when that is large enough. [Decode] gives back the indices
// and the dictionary as they were.
//
// Source of the format: parquet-format 2.10, parquet.thrift and Encodings.md.
package parquet
