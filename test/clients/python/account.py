"""What the tests do with an account: make resources, wait, and clean up."""

import contextlib
import json
import time
import uuid

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

import data
import modelled

# Where a resource may go from each status, as a client that polls may see it:
# statuses between two polls can be missed, but none can come back.
ORDER = ["CREATE PENDING", "CREATE IN_PROGRESS", "ACTIVE", "UPDATE PENDING", "UPDATE IN_PROGRESS", "ACTIVE"]
CLASSES = modelled.classes()

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "personalize.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}


def unique(prefix="t"):
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


def read_policy(bucket, prefix=""):
    """The policy of the developer guide: list the bucket, read its objects."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:ListBucket"],
                "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/{prefix}*"],
            }
        ],
    }


def write_policy(bucket):
    """Lists the bucket, reads and writes its objects."""
    policy = read_policy(bucket)
    policy["Statement"][0]["Action"].append("s3:PutObject")
    return policy


@contextlib.contextmanager
def refused(code, *texts, status=400):
    """The call inside answers this HTTP status and code, and a message with texts.
    What the API model has is caught by boto3's own class for it."""
    with pytest.raises(ClientError) as caught:
        yield caught
    response = caught.value.response
    assert response["Error"]["Code"] == code, response["Error"]
    assert caught.type.__name__ == (code if code in CLASSES else "ClientError")
    assert response["ResponseMetadata"]["HTTPStatusCode"] == status
    for text in texts:
        assert text in response["Error"]["Message"]
    assert response["Error"]["Message"].strip(), "an error without a message"


def provoke(code, attempt, tries=100):
    """Calls attempt until it is refused with code. For refusals that depend on
    the server not having finished what it was asked a moment ago: most attempts
    are in time, any single one may be too late. An attempt may be refused
    because the resource is gone already, and in no other way."""
    for _ in range(tries):
        try:
            attempt()
        except ClientError as error:
            got = error.response["Error"]["Code"]
            if got == code:
                return error.response["Error"]["Message"]
            assert got == "ResourceNotFoundException", error
    raise AssertionError(f"{tries} attempts and no {code}")


class Account:
    def __init__(self):
        # One attempt: the SDK would repeat what is refused for a limit.
        once = Config(retries={"total_max_attempts": 1, "mode": "standard"})
        self.personalize = boto3.client("personalize", config=once)
        self.events = boto3.client("personalize-events", config=once)
        self.runtime = boto3.client("personalize-runtime", config=once)
        # What the SDK itself would refuse to send.
        unchecked = once.merge(Config(parameter_validation=False))
        self.raw = boto3.client("personalize", config=unchecked)
        self.raw_events = boto3.client("personalize-events", config=unchecked)
        self.raw_runtime = boto3.client("personalize-runtime", config=unchecked)
        for client in (self.personalize, self.events, self.runtime, self.raw, self.raw_events, self.raw_runtime):
            modelled.watch(client)
        # Cleaning up is refused now and then, which is no test's finding.
        self.janitor = boto3.client("personalize", config=once)
        self.s3 = boto3.client("s3")
        self.iam = boto3.client("iam")
        self.sts = boto3.client("sts")
        self.region = self.personalize.meta.region_name
        self.undo = []

    def open(self):
        self.id = self.sts.get_caller_identity()["Account"]
        self.bucket = self.new_bucket()
        self.role = self.new_role(read_policy(self.bucket))
        self.lasting, self.undo = self.undo, []

    def close(self):
        self.undo = self.lasting
        with self.cleanup():
            pass

    @contextlib.contextmanager
    def cleanup(self):
        """Deletes, at the end, what is made inside: the latest first."""
        try:
            yield
        finally:
            undo, self.undo = self.undo, []
            for step in reversed(undo):
                step()

    def arn(self, kind, name):
        return f"arn:aws:personalize:{self.region}:{self.id}:{kind}/{name}"

    # ---- S3 and IAM ----------------------------------------------------------

    def new_bucket(self):
        name = unique("bucket")
        where = {} if self.region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": self.region}}
        self.s3.create_bucket(Bucket=name, **where)
        self.undo.append(lambda: self.empty(name))
        return name

    def empty(self, bucket):
        for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            for o in page.get("Contents", []):
                self.s3.delete_object(Bucket=bucket, Key=o["Key"])
        self.s3.delete_bucket(Bucket=bucket)

    def new_role(self, *policies, trust=TRUST, attach=()):
        """A role with inline policies and attached managed ones."""
        name = unique("role")
        arn = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
        self.undo.append(lambda: self.drop_role(name))
        for i, policy in enumerate(policies):
            self.iam.put_role_policy(RoleName=name, PolicyName=f"p{i}", PolicyDocument=json.dumps(policy))
        for policy in attach:
            self.iam.attach_role_policy(RoleName=name, PolicyArn=policy)
        return arn

    def drop_role(self, name):
        for policy in self.iam.list_role_policies(RoleName=name)["PolicyNames"]:
            self.iam.delete_role_policy(RoleName=name, PolicyName=policy)
        for policy in self.iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
            self.iam.detach_role_policy(RoleName=name, PolicyArn=policy["PolicyArn"])
        self.iam.delete_role(RoleName=name)

    def put(self, body, key=None, bucket=None):
        """Uploads text or bytes and returns the s3:// location."""
        bucket, key = bucket or self.bucket, key or unique("data") + "/rows.csv"
        self.s3.put_object(Bucket=bucket, Key=key, Body=body.encode() if isinstance(body, str) else body)
        return f"s3://{bucket}/{key}"

    # ---- Personalize ---------------------------------------------------------

    def schema(self, text, domain=None):
        more = {"domain": domain} if domain else {}
        arn = self.personalize.create_schema(name=unique("schema"), schema=text, **more)["schemaArn"]
        # First in the list and so deleted last: a dataset may come to use it later.
        self.undo.insert(0, lambda: self.delete("schema", arn))
        return arn

    def group(self, domain=None, wait=True, **more):
        if domain:
            more["domain"] = domain
        arn = self.personalize.create_dataset_group(name=unique("group"), **more)["datasetGroupArn"]
        self.undo.append(lambda: self.delete("dataset_group", arn))
        if wait:
            assert self.settle("dataset_group", arn)["status"] == "ACTIVE"
        return arn

    def dataset(self, kind="INTERACTIONS", group=None, schema=None, wait=True, **more):
        """A dataset; group and schema ARNs are made where none are given."""
        group = group or self.group()
        schema = schema or self.schema(data.BY_TYPE[kind])
        arn = self.personalize.create_dataset(
            name=unique("dataset"), datasetType=kind, datasetGroupArn=group, schemaArn=schema, **more
        )["datasetArn"]
        self.undo.append(lambda: self.delete("dataset", arn))
        if wait:
            assert self.settle("dataset", arn)["status"] == "ACTIVE"
        return arn

    def tracker(self, group=None, dataset=None, wait=True, name=None, **more):
        """An event tracker of a group, or of the group of a dataset: its ARN and
        tracking ID."""
        group = group or self.describe("dataset", dataset)["datasetGroupArn"]
        made = self.personalize.create_event_tracker(name=name or unique("tracker"), datasetGroupArn=group, **more)
        arn = made["eventTrackerArn"]
        self.undo.append(lambda: self.delete("event_tracker", arn))
        if wait:
            assert self.settle("event_tracker", arn)["status"] == "ACTIVE"
        return arn, made["trackingId"]

    def start_import(self, dataset, location, **more):
        more.setdefault("roleArn", self.role)
        if more["roleArn"] is None:
            del more["roleArn"]
        return self.personalize.create_dataset_import_job(
            jobName=unique("import"), datasetArn=dataset, dataSource={"dataLocation": location}, **more
        )["datasetImportJobArn"]

    def run_import(self, dataset, location, **more):
        """Imports and returns the settled job."""
        return self.settle("dataset_import_job", self.start_import(dataset, location, **more))

    def imported(self, dataset, location, **more):
        """Imports, and it succeeds."""
        job = self.run_import(dataset, location, **more)
        assert job["status"] == "ACTIVE", job
        return job

    def describe(self, kind, arn):
        words = kind.split("_")
        argument = words[0] + "".join(w.capitalize() for w in words[1:])
        answer = getattr(self.personalize, f"describe_{kind}")(**{argument + "Arn": arn})
        return answer[argument]

    def settle(self, kind, arn, seconds=120):
        """Polls until the resource is ACTIVE or has failed. The statuses on the
        way must be in a legal order."""
        at = 0
        for resource in self.poll(kind, arn, seconds):
            status = resource["status"]
            if status == "CREATE FAILED":
                return resource
            assert status in ORDER[at:], f"{arn} went from {ORDER[at]} to {status}"
            at = ORDER.index(status, at)
            if status == "ACTIVE":
                return resource

    def poll(self, kind, arn, seconds=120):
        end = time.monotonic() + seconds
        pause = 0.005
        while time.monotonic() < end:
            resource = self.describe(kind, arn)
            yield resource
            time.sleep(pause)
            pause = min(pause * 1.5, 0.25)
        raise AssertionError(f"{arn} is still {resource['status']} after {seconds} seconds")

    def delete(self, kind, arn):
        """Deletes, waiting for what still runs, until describe says that the
        resource is gone. It may be gone already."""
        words = kind.split("_")
        argument = words[0] + "".join(w.capitalize() for w in words[1:]) + "Arn"
        end = time.monotonic() + 120
        while time.monotonic() < end:
            try:
                getattr(self.janitor, f"delete_{kind}")(**{argument: arn})
            except ClientError as error:
                code = error.response["Error"]["Code"]
                if code == "ResourceNotFoundException":
                    return
                assert code == "ResourceInUseException", error
            time.sleep(0.02)
        raise AssertionError(f"{arn} is still there after 120 seconds of trying to delete it")

    def gone(self, kind, arn):
        """Waits until a deleted resource is gone."""
        try:
            for resource in self.poll(kind, arn):
                assert resource["status"] in ("DELETE PENDING", "DELETE IN_PROGRESS"), resource
        except ClientError as error:
            assert error.response["Error"]["Code"] == "ResourceNotFoundException", error
