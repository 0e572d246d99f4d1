"""Amazon's own quotas, which only --strict-limits has."""

import pytest

import data
from account import refused, unique, write_policy
from test_cli import run
from test_getting_out import completed, delete_users, export, group_of

pytestmark = pytest.mark.strict


def test_five_dataset_groups(aws):
    groups = [aws.group() for _ in range(5)]
    with refused("LimitExceededException", "5"):
        aws.personalize.create_dataset_group(name=unique())
    run("personalize", "create-dataset-group", "--name", unique(), fails="LimitExceededException")
    aws.personalize.delete_dataset_group(datasetGroupArn=groups[0])
    aws.gone("dataset_group", groups[0])
    aws.group()


def test_five_hundred_schemas(aws):
    for _ in range(500):
        aws.schema(data.USERS)
    with refused("LimitExceededException", "500"):
        aws.personalize.create_schema(name=unique(), schema=data.USERS)


def test_five_running_imports(aws):
    """Jobs of one dataset follow one another, and so the first holds up the
    others while they are counted."""
    dataset, location = aws.dataset(), aws.put(data.interactions(300_000))
    jobs = [aws.start_import(dataset, location) for _ in range(5)]
    with refused("LimitExceededException", "More than 5 resources with PENDING or IN_PROGRESS status."):
        aws.start_import(dataset, location)
    for job in jobs:
        assert aws.settle("dataset_import_job", job)["status"] == "ACTIVE"
    aws.imported(dataset, location)


def test_five_exports_and_deletions(aws):
    """Both have one queue, in which a large export is the first."""
    role = aws.new_role(write_policy(aws.bucket))
    dataset = aws.dataset()
    aws.imported(dataset, aws.put(data.interactions(300_000)))
    exports = [export(aws, dataset, role, ingestionMode="BULK") for _ in range(5)]
    with refused("LimitExceededException", "More than 5 resources with PENDING or IN_PROGRESS status."):
        export(aws, dataset, role)
    group, users = group_of(dataset), aws.put("USER_ID\nu1\n")
    deletions = [delete_users(aws, group, role, users) for _ in range(5)]
    with refused("LimitExceededException", "5 pending data deletion jobs"):
        delete_users(aws, group, role, users)
    for job in exports:
        assert aws.settle("dataset_export_job", job)["status"] == "ACTIVE"
    assert [completed(aws, job)["status"] for job in deletions] == ["COMPLETED"] * 5


def test_a_thousand_interactions(aws):
    dataset = aws.dataset()
    job = aws.run_import(dataset, aws.put(data.interactions(999)))
    assert job["status"] == "CREATE FAILED" and "1000" in job["failureReason"]
    aws.imported(dataset, aws.put(data.interactions(1000)))
    # 1200 rows, 900 of them new.
    job = aws.run_import(dataset, aws.put(data.interactions(1200, first=700)), importMode="INCREMENTAL")
    assert job["status"] == "CREATE FAILED" and "1000" in job["failureReason"]
    aws.imported(dataset, aws.put(data.interactions(1000, first=1000)), importMode="INCREMENTAL")


def test_items_have_no_minimum(aws):
    aws.imported(aws.dataset("ITEMS"), aws.put(data.items(3)))
