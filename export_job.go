package bespoke

// IngestionMode says which of a dataset's rows an export writes, by how they
// came in.
type IngestionMode string

// The ingestion modes: rows of import jobs, rows that came one by one, and both
// as one dataset.
const (
	BulkRows IngestionMode = "BULK"
	PutRows  IngestionMode = "PUT"
	AllRows  IngestionMode = "ALL"
)

// ExportJob writes a dataset's rows to S3 as CSV.
type ExportJob struct {
	Name          string
	ARN           ARN
	DatasetARN    ARN
	IngestionMode IngestionMode
	RoleARN       string
	Path          string // as it was sent
	KMSKeyARN     string // kept and shown only
	Status        Status
	FailureReason string
	// Snapshot is the state of the table that is written, so that a job which
	// runs again writes the same; 0 before it has begun.
	Snapshot int64
	Written  Written
	Times
}

// Written is what an export job has written.
type Written struct {
	Rows  int64
	Bytes int64
	Parts int64 // objects
}
