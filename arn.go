package bespoke

import (
	"regexp"
	"strings"
)

// ARN names a resource, for example
// arn:aws:personalize:us-east-1:123456789012:dataset/shop/INTERACTIONS.
// At most 256 characters.
type ARN string

// Scope is where a server's resources live: the part of an ARN before the
// resource's own type and name. Names are unique per scope and type.
type Scope struct {
	Partition string // aws, aws-cn or aws-us-gov
	Region    string
	Account   string // twelve digits
}

func (s Scope) arn(kind, tail string) ARN {
	return ARN("arn:" + s.Partition + ":personalize:" + s.Region + ":" + s.Account + ":" + kind + "/" + tail)
}

// DatasetGroup returns the ARN of the dataset group with this name.
func (s Scope) DatasetGroup(name string) ARN { return s.arn("dataset-group", name) }

// Schema returns the ARN of the schema with this name.
func (s Scope) Schema(name string) ARN { return s.arn("schema", name) }

// Dataset returns the ARN of the dataset of type t in the named group. A
// dataset's own name is not part of it: a group has one dataset of each type.
func (s Scope) Dataset(group string, t DatasetType) ARN {
	return s.arn("dataset", group+"/"+string(t))
}

// ImportJob returns the ARN of the dataset import job with this name.
func (s Scope) ImportJob(name string) ARN { return s.arn("dataset-import-job", name) }

// EventTracker returns the ARN of the event tracker with this ID, which is not
// its name.
func (s Scope) EventTracker(id string) ARN { return s.arn("event-tracker", id) }

// ExportJob returns the ARN of the dataset export job with this name.
func (s Scope) ExportJob(name string) ARN { return s.arn("dataset-export-job", name) }

// Solution returns the ARN of the solution with this name.
func (s Scope) Solution(name string) ARN { return s.arn("solution", name) }

// Campaign returns the ARN of the campaign with this name.
func (s Scope) Campaign(name string) ARN { return s.arn("campaign", name) }

// DeletionJob returns the ARN of the data deletion job with this name.
func (s Scope) DeletionJob(name string) ARN { return s.arn("data-deletion-job", name) }

// MetricAttribution returns the ARN of the metric attribution with this name.
func (s Scope) MetricAttribution(name string) ARN { return s.arn("metric-attribution", name) }

// Root returns the ARN of the account's root user.
func (s Scope) Root() string { return "arn:" + s.Partition + ":iam::" + s.Account + ":root" }

// Kind returns the resource type in the ARN, such as "dataset-group", or ""
// where a is not an ARN of Personalize.
func (a ARN) Kind() string {
	kind, name, ok := strings.Cut(a.resource(), "/")
	if !ok {
		return ""
	}
	if kind == "solution" && strings.Contains(name, "/") {
		return "solution-version" // whose ARN is below its solution's
	}
	return kind
}

// Latest is what follows a solution's ARN and a slash where its newest ACTIVE
// version is meant.
const Latest = "$LATEST"

// Solution returns the solution of a solution version.
func (a ARN) Solution() ARN {
	s := string(a)
	return ARN(s[:max(0, strings.LastIndexByte(s, '/'))])
}

// Name returns what follows the resource type: "shop" for a dataset group,
// "shop/ITEMS" for a dataset.
func (a ARN) Name() string {
	_, name, _ := strings.Cut(a.resource(), "/")
	return name
}

func (a ARN) resource() string {
	p := strings.SplitN(string(a), ":", 6)
	if len(p) != 6 || p[0] != "arn" || p[2] != "personalize" {
		return ""
	}
	return p[5]
}

// S3URL is a parsed s3:// location. Key is "" or ends in a slash for a folder.
type S3URL struct {
	Bucket string
	Key    string
}

// Bucket names: 3 to 63 lower-case letters, digits, dots and hyphens, as the
// S3 user guide has it.
var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// ParseS3URL parses s3://bucket/key. It refuses other schemes, a bucket name
// that S3 would refuse, and an empty bucket.
func ParseS3URL(s string) (S3URL, bool) {
	rest, ok := strings.CutPrefix(s, "s3://")
	if !ok {
		return S3URL{}, false
	}
	bucket, key, _ := strings.Cut(rest, "/")
	if !bucketName.MatchString(bucket) {
		return S3URL{}, false
	}
	return S3URL{Bucket: bucket, Key: key}, true
}

// Folder reports whether the location names all objects directly below it
// rather than one object.
func (u S3URL) Folder() bool { return u.Key == "" || strings.HasSuffix(u.Key, "/") }

func (u S3URL) String() string { return "s3://" + u.Bucket + "/" + u.Key }
