package iam

import "time"

// managed are the policies of Amazon that Personalize set-ups attach, with the
// documents that Amazon gives them. Source: the AWS managed policy reference.
var managed = []Policy{
	{
		Name:        "AmazonS3FullAccess",
		ID:          "ANPAIFIR6V6BVTRAHWINE",
		ARN:         "arn:aws:iam::aws:policy/AmazonS3FullAccess",
		Path:        "/",
		Description: "Provides full access to all buckets via the AWS Management Console.",
		Created:     time.Date(2015, 2, 6, 18, 40, 58, 0, time.UTC),
		Document: `{"Version": "2012-10-17", "Statement": [
	{"Effect": "Allow", "Action": ["s3:*", "s3-object-lambda:*"], "Resource": "*"}]}`,
	},
	{
		Name:        "AmazonS3ReadOnlyAccess",
		ID:          "ANPAIZTJ4DXE7G6AGAE6M",
		ARN:         "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",
		Path:        "/",
		Description: "Provides read only access to all buckets via the AWS Management Console.",
		Created:     time.Date(2015, 2, 6, 18, 40, 59, 0, time.UTC),
		Document: `{"Version": "2012-10-17", "Statement": [
	{"Effect": "Allow", "Action": ["s3:Get*", "s3:List*", "s3:Describe*",
		"s3-object-lambda:Get*", "s3-object-lambda:List*"], "Resource": "*"}]}`,
	},
	{
		Name:        "AmazonPersonalizeFullAccess",
		ID:          "ANPAJ45XBPPZNI3MMVAUK",
		ARN:         "arn:aws:iam::aws:policy/service-role/AmazonPersonalizeFullAccess",
		Path:        "/service-role/",
		Description: "Provides full access to Amazon Personalize via the AWS Management Console and SDK. Also provides select access to related services (e.g., S3, CloudWatch).",
		Created:     time.Date(2018, 12, 4, 22, 24, 33, 0, time.UTC),
		Document: `{"Version": "2012-10-17", "Statement": [
	{"Effect": "Allow", "Action": ["personalize:*"], "Resource": "*"},
	{"Effect": "Allow", "Action": ["cloudwatch:PutMetricData", "cloudwatch:ListMetrics"], "Resource": "*"},
	{"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket"],
		"Resource": ["arn:aws:s3:::*Personalize*", "arn:aws:s3:::*personalize*"]},
	{"Effect": "Allow", "Action": ["iam:PassRole"], "Resource": "*",
		"Condition": {"StringEquals": {"iam:PassedToService": "personalize.amazonaws.com"}}}]}`,
	},
}
