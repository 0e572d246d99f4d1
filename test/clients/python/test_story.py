"""The story of a Personalize user, from nothing to data and back to nothing."""

import datetime
import json

import pytest

import data
import extension
from account import TRUST, read_policy, refused, unique


def test_story(aws):
    """By bare boto3 calls, as a user would write them."""
    p, s3, iam = aws.personalize, aws.s3, aws.iam

    bucket = aws.new_bucket()
    role_name = unique("PersonalizeRole")
    role = iam.create_role(RoleName=role_name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    aws.undo.append(lambda: aws.drop_role(role_name))
    iam.put_role_policy(RoleName=role_name, PolicyName="read", PolicyDocument=json.dumps(read_policy(bucket)))
    s3.put_bucket_policy(
        Bucket=bucket,
        Policy=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "personalize.amazonaws.com"},
                        "Action": ["s3:GetObject", "s3:ListBucket"],
                        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
                    }
                ],
            }
        ),
    )
    s3.put_object(Bucket=bucket, Key="full.csv", Body=data.interactions(3000).encode())
    s3.put_object(Bucket=bucket, Key="more.csv", Body=data.interactions(1500, first=2500).encode())

    name = unique("shop")
    schema = p.create_schema(name=name, schema=data.INTERACTIONS)["schemaArn"]
    assert schema == aws.arn("schema", name)
    described = p.describe_schema(schemaArn=schema)["schema"]
    assert described["schema"] == data.INTERACTIONS
    assert described["name"] == name
    assert "domain" not in described

    created = p.create_dataset_group(name=name, tags=[{"tagKey": "team", "tagValue": "search"}])
    group = created["datasetGroupArn"]
    assert group == aws.arn("dataset-group", name)
    assert "domain" not in created
    assert p.describe_dataset_group(datasetGroupArn=group)["datasetGroup"]["status"].startswith(("CREATE", "ACTIVE"))
    described = aws.settle("dataset_group", group)
    assert described["name"] == name
    assert {"failureReason", "domain", "roleArn", "kmsKeyArn"}.isdisjoint(described)
    assert abs(described["creationDateTime"] - datetime.datetime.now(datetime.timezone.utc)).total_seconds() < 300
    assert described["lastUpdatedDateTime"] >= described["creationDateTime"]

    dataset = p.create_dataset(
        name="events", datasetType="Interactions", datasetGroupArn=group, schemaArn=schema
    )["datasetArn"]
    assert dataset == aws.arn("dataset", name + "/INTERACTIONS")
    described = aws.settle("dataset", dataset)
    assert described["datasetType"] == "INTERACTIONS"
    assert described["schemaArn"] == schema and described["datasetGroupArn"] == group and described["name"] == "events"
    assert {"latestDatasetUpdate", "trackingId"}.isdisjoint(described)

    full = p.create_dataset_import_job(
        jobName=name + "-full",
        datasetArn=dataset,
        dataSource={"dataLocation": f"s3://{bucket}/full.csv"},
        roleArn=role,
        tags=[{"tagKey": "kind", "tagValue": "full"}],
    )["datasetImportJobArn"]
    assert full == aws.arn("dataset-import-job", name + "-full")
    job = aws.settle("dataset_import_job", full)
    assert job["status"] == "ACTIVE", job
    assert job["importMode"] == "FULL" and job["datasetArn"] == dataset and job["roleArn"] == role
    assert job["dataSource"] == {"dataLocation": f"s3://{bucket}/full.csv"} and job["jobName"] == name + "-full"
    assert "failureReason" not in job
    assert extension.rows(dataset) == 3000

    # 500 of these rows are there already, and count once.
    more = p.create_dataset_import_job(
        jobName=name + "-more",
        datasetArn=dataset,
        dataSource={"dataLocation": f"s3://{bucket}/more.csv"},
        roleArn=role,
        importMode="INCREMENTAL",
    )["datasetImportJobArn"]
    job = aws.settle("dataset_import_job", more)
    assert job["status"] == "ACTIVE", job
    assert job["importMode"] == "INCREMENTAL" and job["publishAttributionMetricsToS3"] is False
    assert extension.rows(dataset) == 4000
    assert extension.progress(more)["rows"]["duplicate"] == 500

    listed = p.list_dataset_import_jobs(datasetArn=dataset)["datasetImportJobs"]
    assert [j["datasetImportJobArn"] for j in listed] == [more, full]
    assert {"datasetArn", "roleArn"}.isdisjoint(listed[0]) and listed[0]["importMode"] == "INCREMENTAL"
    assert [d["datasetArn"] for d in p.list_datasets(datasetGroupArn=group)["datasets"]] == [dataset]

    assert p.list_tags_for_resource(resourceArn=full)["tags"] == [{"tagKey": "kind", "tagValue": "full"}]
    p.tag_resource(resourceArn=group, tags=[{"tagKey": "team", "tagValue": "home"}, {"tagKey": "x", "tagValue": ""}])
    p.untag_resource(resourceArn=group, tagKeys=["x", "never-there"])
    assert p.list_tags_for_resource(resourceArn=group)["tags"] == [{"tagKey": "team", "tagValue": "home"}]

    # From the outside in it cannot be deleted, from the inside out it can.
    with refused("ResourceInUseException"):
        p.delete_dataset_group(datasetGroupArn=group)
    with refused("ResourceInUseException"):
        p.delete_schema(schemaArn=schema)
    p.delete_dataset(datasetArn=dataset)
    aws.gone("dataset", dataset)
    with refused("ResourceNotFoundException"):  # the jobs go with their dataset
        p.describe_dataset_import_job(datasetImportJobArn=full)
    p.delete_dataset_group(datasetGroupArn=group)
    aws.gone("dataset_group", group)
    p.delete_schema(schemaArn=schema)
    with refused("ResourceNotFoundException"):
        p.describe_schema(schemaArn=schema)


@pytest.mark.parametrize("kind", data.BY_TYPE)
def test_every_dataset_type_imports(aws, kind):
    csv = {
        "INTERACTIONS": data.interactions(50),
        "ITEMS": data.items(50),
        "USERS": "USER_ID,AGE\n" + "".join(f"u{i},{i}\n" for i in range(50)),
        "ACTIONS": "ACTION_ID,KIND\n" + "".join(f"a{i},offer\n" for i in range(50)),
        "ACTION_INTERACTIONS": "USER_ID,ACTION_ID,EVENT_TYPE,TIMESTAMP\n"
        + "".join(f"u{i},a{i},Taken,{1_700_000_000 + i}\n" for i in range(50)),
    }[kind]
    dataset = aws.dataset(kind.title() if kind != "ACTION_INTERACTIONS" else "Action_Interactions", schema=aws.schema(data.BY_TYPE[kind]))
    assert dataset.endswith("/" + kind)
    described = aws.describe("dataset", dataset)
    assert described["datasetType"] == kind
    assert ("trackingId" in described) == (kind == "ACTION_INTERACTIONS")
    aws.imported(dataset, aws.put(csv))
    assert extension.rows(dataset) == 50


def test_update_dataset(aws):
    """An Items dataset gets a wider schema and keeps its rows."""
    dataset = aws.dataset("ITEMS")
    aws.imported(dataset, aws.put(data.items(10)))
    wider = aws.schema(data.ITEMS_WIDER)
    assert aws.personalize.update_dataset(datasetArn=dataset, schemaArn=wider)["datasetArn"] == dataset
    described = aws.settle("dataset", dataset)
    assert described["schemaArn"] == wider
    assert described["latestDatasetUpdate"]["schemaArn"] == wider
    assert described["latestDatasetUpdate"]["status"] == "ACTIVE"
    assert "failureReason" not in described["latestDatasetUpdate"]
    assert extension.rows(dataset) == 10
    aws.imported(
        dataset,
        aws.put("ITEM_ID,GENRES,PRICE,COLOUR\ni3,Drama,2,red\ni77,,,\n"),
        importMode="INCREMENTAL",
    )
    assert extension.rows(dataset) == 11  # i3 is replaced, i77 is new
    with refused("InvalidInputException", "COLOUR"):  # the header must have the new column now
        aws.start_import(dataset, aws.put(data.items(10)))


def test_caller_identity(aws):
    identity = aws.sts.get_caller_identity()
    assert len(identity["Account"]) == 12 and identity["Arn"].startswith("arn:aws:iam::" + identity["Account"])
