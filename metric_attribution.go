package bespoke

// MetricAttribution says which numbers of a dataset group's events are summed up
// for each source. A group has one at most.
type MetricAttribution struct {
	Name          string
	ARN           ARN
	GroupARN      ARN
	RoleARN       string // writes reports
	Path          string // of reports; "" for none
	KMSKeyARN     string // kept and shown only
	Status        Status
	FailureReason string
	Times
}

// Metric is one number of a metric attribution.
type Metric struct {
	Name       string // unique in the attribution
	EventType  string // of the events that count
	Expression string // as it was sent
	// Of is the type of the dataset whose column is summed, "" where events are
	// counted.
	Of DatasetType
}
