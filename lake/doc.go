// Package lake keeps the rows of datasets in Apache Iceberg tables on local disk,
// one table per dataset: Parquet data files, snapshots that make a whole import
// visible or nothing of it, and a catalog in SQLite. Any engine that reads Iceberg
// can read the tables.
//
// Start at [Lake], which creates, changes and drops tables, then [Table]: its
// Commit makes an import visible, its Scan reads. Imports write their data files
// by themselves (package ingest); [Writer] is for all other rows. Of jobs the
// package knows nothing but the ARN that it remembers of each commit, so that a
// job run twice commits once.
package lake
