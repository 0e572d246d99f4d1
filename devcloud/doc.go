// Package devcloud is the part of a cloud that a laptop lacks: an S3 endpoint
// over a folder, and the calls of IAM and STS that set-ups of Personalize make.
//
// [OpenS3] starts the S3 endpoint, [NewIAM] is the handler of IAM and STS. Both
// work on the same iam.Store, which the rest of the server decides by. [S3]'s
// Reader reads the buckets without the detour over HTTP. The endpoints are for
// one account with one pair of keys; users, groups, versions of objects and
// public buckets are not here.
package devcloud
