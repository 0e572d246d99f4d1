package bespoke

// DeletionJob takes the data of users out of the datasets of a group.
type DeletionJob struct {
	Name          string
	ARN           ARN
	GroupARN      ARN
	Location      string // of the users' IDs
	RoleARN       string
	Status        Status
	FailureReason string
	NumDeleted    int64 // records, once it is COMPLETED
	Times
}
