"""A role reads what its policies allow, and nothing else."""

import json

import pytest

import data
import extension
from account import read_policy, refused, unique

DENIED = "InvalidInputException"
TEXT = (
    "Insufficient privileges for accessing data in S3. Please look at "
    "https://docs.aws.amazon.com/personalize/latest/dg/granting-personalize-s3-access.html#attach-bucket-policy"
    " and fix bucket policy on {}."
)


@pytest.fixture
def dataset(aws):
    return aws.dataset()


@pytest.fixture
def bucket(aws):
    """A bucket of the test's own, so that it may have a policy."""
    return aws.new_bucket()


def denied(aws, dataset, bucket, role, location=None):
    with refused(DENIED, TEXT.format(bucket)):
        aws.start_import(dataset, location or aws.put(data.interactions(10), bucket=bucket), roleArn=role)


def allowed(aws, dataset, bucket, role, location=None):
    location = location or aws.put(data.interactions(10), bucket=bucket)
    job = aws.run_import(dataset, location, roleArn=role)
    assert job["status"] == "ACTIVE", job
    assert extension.rows(dataset) == 10


def statement(effect, bucket, principal=None, actions=("s3:GetObject", "s3:ListBucket"), prefix=""):
    out = {
        "Effect": effect,
        "Action": list(actions),
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/{prefix}*"],
    }
    return out | ({"Principal": principal} if principal else {})


def policy(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def set_bucket_policy(aws, bucket, *statements):
    aws.s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy(*statements)))


def test_no_policy(aws, dataset, bucket):
    denied(aws, dataset, bucket, aws.new_role())


def test_wrong_bucket(aws, dataset, bucket):
    denied(aws, dataset, bucket, aws.new_role(read_policy(aws.bucket)))


def test_wrong_prefix(aws, dataset, bucket):
    role = aws.new_role(read_policy(bucket, prefix="allowed/"))
    denied(aws, dataset, bucket, role, aws.put(data.interactions(10), "other/rows.csv", bucket))
    allowed(aws, dataset, bucket, role, aws.put(data.interactions(10), "allowed/rows.csv", bucket))


def test_list_is_not_read(aws, dataset, bucket):
    denied(aws, dataset, bucket, aws.new_role(policy(statement("Allow", bucket, actions=["s3:ListBucket"]))))


def test_folder_needs_list(aws, dataset, bucket):
    aws.put(data.interactions(10), "folder/rows.csv", bucket)
    role = aws.new_role(policy(statement("Allow", bucket, actions=["s3:GetObject"])))
    denied(aws, dataset, bucket, role, f"s3://{bucket}/folder/")
    allowed(aws, dataset, bucket, aws.new_role(read_policy(bucket)), f"s3://{bucket}/folder/")


def test_explicit_deny_of_the_role(aws, dataset, bucket):
    denied(aws, dataset, bucket, aws.new_role(read_policy(bucket), policy(statement("Deny", bucket))))


def test_managed_policies(aws, dataset, bucket):
    for name in ("AmazonS3ReadOnlyAccess", "AmazonS3FullAccess"):
        allowed(aws, dataset, bucket, aws.new_role(attach=[f"arn:aws:iam::aws:policy/{name}"]))


def test_rights_may_come_and_go(aws, dataset, bucket):
    role = aws.new_role()
    name = role.rpartition("/")[2]
    location = aws.put(data.interactions(10), bucket=bucket)
    denied(aws, dataset, bucket, role, location)
    aws.iam.put_role_policy(RoleName=name, PolicyName="read", PolicyDocument=json.dumps(read_policy(bucket)))
    allowed(aws, dataset, bucket, role, location)
    aws.iam.delete_role_policy(RoleName=name, PolicyName="read")
    denied(aws, dataset, bucket, role, location)


def test_unknown_role(aws, dataset, bucket):
    with refused(DENIED):
        aws.start_import(
            dataset, aws.put(data.interactions(10), bucket=bucket), roleArn=f"arn:aws:iam::{aws.id}:role/{unique()}"
        )


def test_role_that_trusts_another_service(aws, dataset, bucket):
    trust = policy({"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"})
    with refused(DENIED, "personalize.amazonaws.com"):
        aws.start_import(
            dataset,
            aws.put(data.interactions(10), bucket=bucket),
            roleArn=aws.new_role(read_policy(bucket), trust=trust),
        )


class TestBucketPolicy:
    def test_service_principal_alone_gives_nothing(self, aws, dataset, bucket):
        set_bucket_policy(aws, bucket, statement("Allow", bucket, {"Service": "personalize.amazonaws.com"}))
        denied(aws, dataset, bucket, aws.new_role())

    def test_service_principal_with_role_policy(self, aws, dataset, bucket):
        set_bucket_policy(aws, bucket, statement("Allow", bucket, {"Service": "personalize.amazonaws.com"}))
        allowed(aws, dataset, bucket, aws.new_role(read_policy(bucket)))

    def test_allows_the_role(self, aws, dataset, bucket):
        role = aws.new_role()
        set_bucket_policy(aws, bucket, statement("Allow", bucket, {"AWS": role}))
        allowed(aws, dataset, bucket, role)

    @pytest.mark.parametrize("principal", ["*", {"Service": "personalize.amazonaws.com"}, "role"])
    def test_denies(self, aws, dataset, bucket, principal):
        role = aws.new_role(read_policy(bucket))
        location = aws.put(data.interactions(10), "kept/rows.csv", bucket)
        principal = {"AWS": role} if principal == "role" else principal
        set_bucket_policy(aws, bucket, statement("Deny", bucket, principal, ["s3:GetObject"], prefix="kept/"))
        denied(aws, dataset, bucket, role, location)
        aws.s3.delete_bucket_policy(Bucket=bucket)
        allowed(aws, dataset, bucket, role, location)

    def test_is_read_back(self, aws, bucket):
        wanted = policy(statement("Allow", bucket, {"Service": "personalize.amazonaws.com"}))
        aws.s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(wanted))
        assert json.loads(aws.s3.get_bucket_policy(Bucket=bucket)["Policy"]) == wanted
        aws.s3.delete_bucket_policy(Bucket=bucket)
        with pytest.raises(aws.s3.exceptions.ClientError) as caught:
            aws.s3.get_bucket_policy(Bucket=bucket)
        assert caught.value.response["Error"]["Code"] == "NoSuchBucketPolicy"


def test_without_a_role_the_caller_decides(aws, dataset, bucket):
    location = aws.put(data.interactions(10), bucket=bucket)
    job = aws.run_import(dataset, location, roleArn=None)
    assert job["status"] == "ACTIVE" and "roleArn" not in job


def test_role_changes_after_the_call(aws, dataset, bucket):
    """Rights are looked at again when the job runs: it waits behind another."""
    role = aws.new_role(read_policy(bucket))
    big, location = aws.put(data.interactions(200_000)), aws.put(data.interactions(10), bucket=bucket)
    ahead = [aws.start_import(dataset, big) for _ in range(2)]
    job = aws.start_import(dataset, location, roleArn=role)
    aws.iam.delete_role_policy(RoleName=role.rpartition("/")[2], PolicyName="p0")
    found = aws.settle("dataset_import_job", job)
    assert found["status"] == "CREATE FAILED" and TEXT.format(bucket) in found["failureReason"]
    for other in ahead:
        assert aws.settle("dataset_import_job", other)["status"] == "ACTIVE"
