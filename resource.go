package bespoke

import "time"

// DatasetType is one of the five kinds of dataset, in the upper case that
// ARNs and responses use.
type DatasetType string

// The dataset types. A dataset group has at most one dataset of each.
const (
	Interactions       DatasetType = "INTERACTIONS"
	Items              DatasetType = "ITEMS"
	Users              DatasetType = "USERS"
	Actions            DatasetType = "ACTIONS"
	ActionInteractions DatasetType = "ACTION_INTERACTIONS"
)

// Key returns the column whose value identifies a record, or "" for the
// interaction types, whose records have no identity of their own: there, only
// records equal in every column are one.
func (t DatasetType) Key() string {
	switch t {
	case Items:
		return "ITEM_ID"
	case Users:
		return "USER_ID"
	case Actions:
		return "ACTION_ID"
	}
	return ""
}

// Domain is the business domain of a dataset group or schema; "" is Custom.
type Domain string

// The domains.
const (
	Custom        Domain = ""
	Ecommerce     Domain = "ECOMMERCE"
	VideoOnDemand Domain = "VIDEO_ON_DEMAND"
)

// ImportMode says what a bulk import does with earlier bulk rows.
type ImportMode string

// The import modes: Full replaces every earlier bulk row, Incremental adds to
// them.
const (
	Full        ImportMode = "FULL"
	Incremental ImportMode = "INCREMENTAL"
)

// Times are when a resource was made and when it last changed, in UTC with
// millisecond precision.
type Times struct {
	Created time.Time
	Updated time.Time
}

// Tag is a key and value attached to a resource. Keys are unique per resource.
type Tag struct {
	Key   string
	Value string
}

// DatasetGroup is the container of up to one dataset of each type.
type DatasetGroup struct {
	Name          string
	ARN           ARN
	Status        Status
	Domain        Domain
	RoleARN       string // with KMSKeyARN only
	KMSKeyARN     string
	FailureReason string
	Times
}

// Schema is the immutable description of a dataset's columns. Text is the Avro
// JSON byte for byte as it was sent.
type Schema struct {
	Name   string
	ARN    ARN
	Domain Domain
	Text   string
	Times
}

// Dataset is a table of one type of data. TrackingID is set for action
// interactions only.
type Dataset struct {
	Name       string
	ARN        ARN
	GroupARN   ARN
	SchemaARN  ARN
	Type       DatasetType
	Status     Status
	TrackingID string
	Update     *DatasetUpdate // the latest schema replacement, nil before the first
	// Imported is set once an import job has succeeded; INCREMENTAL imports
	// need it.
	Imported bool
	Times
}

// EventTracker is where the events of a dataset group are sent to. A group has
// at most one.
type EventTracker struct {
	Name       string
	ARN        ARN
	GroupARN   ARN
	TrackingID string // a UUID
	Status     Status
	Times
}

// DatasetUpdate is one replacement of a dataset's schema.
type DatasetUpdate struct {
	SchemaARN     ARN
	Status        Status
	FailureReason string
	Times
}

// ImportJob is one bulk import into a dataset.
type ImportJob struct {
	Name           string
	ARN            ARN
	DatasetARN     ARN
	Location       string
	RoleARN        string // "" where the caller's own rights decide
	CallerARN      string // who asked for it
	Mode           ImportMode
	PublishMetrics bool
	Status         Status
	FailureReason  string
	Objects        []Object // what the location held when the job was accepted
	Begun          int      // runs that have begun and not ended: above 0 between runs, the process died in so many
	Times
}

// Object is one S3 object as it was seen when a job was accepted. Reading it
// later under another ETag means that it has changed.
type Object struct {
	Bucket string
	Key    string
	ETag   string
	Size   int64 // bytes
}

// String returns the object's URL, or the path of a local file, which is an
// object without a bucket.
func (o Object) String() string {
	if o.Bucket == "" {
		return o.Key
	}
	return "s3://" + o.Bucket + "/" + o.Key
}
