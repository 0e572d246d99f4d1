"""Export jobs, data deletion jobs and metric attributions."""

import time

import pytest

import data
import extension
from account import provoke, refused, unique, write_policy

MANY_TAGS = [{"tagKey": f"k{i}", "tagValue": ""} for i in range(51)]


@pytest.fixture
def role(aws):
    return aws.new_role(write_policy(aws.bucket))


def export(aws, dataset, role, path=None, **more):
    more.setdefault("jobName", unique("export"))
    path = path or f"s3://{aws.bucket}/out"
    return aws.personalize.create_dataset_export_job(
        datasetArn=dataset, roleArn=role, jobOutput={"s3DataDestination": {"path": path}}, **more
    )["datasetExportJobArn"]


def delete_users(aws, group, role, location, **more):
    more.setdefault("jobName", unique("deletion"))
    return aws.personalize.create_data_deletion_job(
        datasetGroupArn=group, roleArn=role, dataSource={"dataLocation": location}, **more
    )["dataDeletionJobArn"]


def completed(aws, arn):
    for job in aws.poll("data_deletion_job", arn):
        assert job["status"] in ("PENDING", "IN_PROGRESS", "COMPLETED", "FAILED")
        if job["status"] in ("COMPLETED", "FAILED"):
            return job


def attribution(aws, group, role, path=None, metrics=None, **more):
    output = {"roleArn": role}
    if path:
        output["s3DataDestination"] = {"path": path}
    metrics = metrics or [{"eventType": "watch", "metricName": "watches", "expression": "SAMPLECOUNT()"}]
    arn = aws.personalize.create_metric_attribution(
        name=more.get("name") or unique("attribution"), datasetGroupArn=group, metrics=metrics, metricsOutputConfig=output
    )["metricAttributionArn"]
    aws.undo.append(lambda: aws.delete("metric_attribution", arn))
    return arn


def group_of(dataset):
    return dataset.replace(":dataset/", ":dataset-group/").rsplit("/", 1)[0]


def test_export_comes_back(aws, role):
    """What is exported imports again as the same rows."""
    dataset = aws.dataset("ITEMS")
    aws.imported(dataset, aws.put('ITEM_ID,GENRES,PRICE\ni1,"a, \\"b\\" \\\\ c",0.1\ni2,,\ni3,"",1e-30\n'))
    name = unique("export")
    arn = export(aws, dataset, role, ingestionMode="ALL", jobName=name, tags=[{"tagKey": "k", "tagValue": "v"}])
    assert arn == aws.arn("dataset-export-job", name)
    job = aws.settle("dataset_export_job", arn)
    assert job.pop("creationDateTime") <= job.pop("lastUpdatedDateTime")
    assert job == {
        "jobName": name, "datasetExportJobArn": arn, "datasetArn": dataset, "ingestionMode": "ALL", "roleArn": role,
        "status": "ACTIVE", "jobOutput": {"s3DataDestination": {"path": f"s3://{aws.bucket}/out"}},
    }  # fmt: skip
    text = aws.s3.get_object(Bucket=aws.bucket, Key=f"out/{name}/part-00000.csv")["Body"].read().decode()
    assert text == 'ITEM_ID,GENRES,PRICE\ni1,"a, \\"b\\" \\\\ c",0.1\ni2,,\ni3,"",1e-30\n'
    again = aws.dataset("ITEMS")
    aws.imported(again, f"s3://{aws.bucket}/out/{name}/", roleArn=role)
    assert extension.rows(again) == 3
    assert aws.describe("dataset_export_job", export(aws, dataset, role))["ingestionMode"] == "PUT"
    listed = aws.personalize.list_dataset_export_jobs(datasetArn=dataset)["datasetExportJobs"]
    assert listed[1]["datasetExportJobArn"] == arn and listed[1]["status"] == "ACTIVE" and len(listed) == 2
    assert aws.personalize.list_tags_for_resource(resourceArn=arn)["tags"] == [{"tagKey": "k", "tagValue": "v"}]


def test_export_exceptions(aws, role):
    dataset = aws.dataset()
    with refused("ResourceNotFoundException"):
        export(aws, aws.arn("dataset", "none/ITEMS"), role)
    with refused("InvalidInputException", "ACTIONS cannot be exported"):
        export(aws, aws.dataset("ACTIONS"), role)
    with refused("InvalidInputException", "Invalid S3 output path"):
        export(aws, dataset, role, path="https://somewhere/x")
    with refused("InvalidInputException", "Insufficient privileges", "s3:PutObject"):
        export(aws, dataset, aws.role)  # it may read only
    with refused("TooManyTagsException"):
        export(aws, dataset, role, tags=MANY_TAGS)
    arn = export(aws, dataset, role)
    with refused("ResourceAlreadyExistsException", arn):
        export(aws, dataset, role, jobName=arn.rsplit("/", 1)[1])
    provoke("ResourceInUseException", lambda: export(aws, aws.dataset(wait=False), role))
    with refused("ResourceNotFoundException"):
        aws.personalize.describe_dataset_export_job(datasetExportJobArn=aws.arn("dataset-export-job", "none"))
    with refused("InvalidInputException"):
        aws.personalize.describe_dataset_export_job(datasetExportJobArn=dataset)
    with refused("InvalidInputException"):
        aws.personalize.list_dataset_export_jobs(datasetArn=arn)
    with refused("InvalidNextTokenException"):
        aws.personalize.list_dataset_export_jobs(nextToken="nonsense")


def test_deletion(aws, role):
    dataset = aws.dataset()
    group = group_of(dataset)
    aws.imported(dataset, aws.put(data.HEADER + "u1,i1,watch,,1\nu1,i2,watch,,2\nu2,i1,watch,,3\n"))
    folder = unique("lists")
    aws.put("USER_ID\nu1\nnobody\n", key=f"{folder}/deep/users.csv")
    aws.put("not a list", key=f"{folder}/readme.txt")
    name = unique("deletion")
    arn = delete_users(aws, group, role, f"s3://{aws.bucket}/{folder}/", jobName=name, tags=[{"tagKey": "k", "tagValue": "v"}])
    assert arn == aws.arn("data-deletion-job", name)
    job = completed(aws, arn)
    assert job.pop("creationDateTime") <= job.pop("lastUpdatedDateTime")
    assert job == {
        "jobName": name, "dataDeletionJobArn": arn, "datasetGroupArn": group, "roleArn": role, "status": "COMPLETED",
        "dataSource": {"dataLocation": f"s3://{aws.bucket}/{folder}/"}, "numDeleted": 2,
    }  # fmt: skip
    assert extension.rows(dataset) == 1
    (listed,) = aws.personalize.list_data_deletion_jobs(datasetGroupArn=group)["dataDeletionJobs"]
    assert listed["dataDeletionJobArn"] == arn and listed["datasetGroupArn"] == group and "numDeleted" not in listed
    assert aws.personalize.list_tags_for_resource(resourceArn=arn)["tags"] == [{"tagKey": "k", "tagValue": "v"}]


def test_deletion_exceptions(aws, role):
    group = aws.group()
    users = aws.put("USER_ID\nu1\n")
    with refused("ResourceNotFoundException"):
        delete_users(aws, aws.arn("dataset-group", "none"), role, users)
    with refused("InvalidInputException", "single column USER_ID"):
        delete_users(aws, group, role, aws.put(data.interactions(1)))
    with refused("TooManyTagsException"):
        delete_users(aws, group, role, users, tags=MANY_TAGS)
    arn = delete_users(aws, group, role, users)
    with refused("ResourceAlreadyExistsException", arn):
        delete_users(aws, group, role, users, jobName=arn.rsplit("/", 1)[1])
    assert completed(aws, arn)["numDeleted"] == 0
    provoke("ResourceInUseException", lambda: delete_users(aws, aws.group(wait=False), role, users))
    with refused("ResourceNotFoundException"):
        aws.personalize.describe_data_deletion_job(dataDeletionJobArn=aws.arn("data-deletion-job", "none"))
    with refused("InvalidInputException"):
        aws.personalize.describe_data_deletion_job(dataDeletionJobArn=group)
    with refused("InvalidInputException"):
        aws.personalize.list_data_deletion_jobs(datasetGroupArn=arn)
    with refused("InvalidNextTokenException"):
        aws.personalize.list_data_deletion_jobs(nextToken="nonsense")


def test_metric_attribution(aws, role):
    dataset = aws.dataset(schema=aws.schema(data.ATTRIBUTED))
    group = group_of(dataset)
    folder = unique("metrics")
    arn = attribution(aws, group, role, path=f"s3://{aws.bucket}/{folder}/", metrics=[
        {"eventType": "watch", "metricName": "watches", "expression": "SAMPLECOUNT()"},
        {"eventType": "watch", "metricName": "minutes", "expression": "SUM(Interactions.EVENT_VALUE)"},
    ])  # fmt: skip
    described = aws.settle("metric_attribution", arn)
    assert described["datasetGroupArn"] == group and described["status"] == "ACTIVE"
    assert described["metricsOutputConfig"] == {"s3DataDestination": {"path": f"s3://{aws.bucket}/{folder}/"}, "roleArn": role}
    now = int(time.time())
    head = data.ATTRIBUTED_HEADER
    job = aws.imported(
        dataset, aws.put(head + f"u1,i1,watch,1.5,{now},mail\nu1,i2,watch,,{now},\n"), publishAttributionMetricsToS3=True
    )
    assert job["publishAttributionMetricsToS3"] is True
    (report,) = aws.s3.list_objects_v2(Bucket=aws.bucket, Prefix=folder)["Contents"]
    assert "/AggregatedAttributionMetrics - FULL - " in report["Key"]
    window = now - now % 900
    assert aws.s3.get_object(Bucket=aws.bucket, Key=report["Key"])["Body"].read().decode().splitlines() == [
        "METRIC_NAME,EVENT_TYPE,VALUE,MATH_FUNCTION,EVENT_ATTRIBUTION_SOURCE,TIMESTAMP",
        f"watches,watch,1.0,samplecount,SOURCE_NAME_UNDEFINED,{window}",
        f"watches,watch,1.0,samplecount,mail,{window}",
        f"minutes,watch,1.5,sum,mail,{window}",
    ]
    aws.personalize.update_metric_attribution(
        metricAttributionArn=arn, removeMetrics=["minutes"], metricsOutputConfig={"roleArn": role}
    )
    metrics = aws.personalize.list_metric_attribution_metrics(metricAttributionArn=arn)["metrics"]
    assert metrics == [{"eventType": "watch", "metricName": "watches", "expression": "SAMPLECOUNT()"}]
    (listed,) = aws.personalize.list_metric_attributions(datasetGroupArn=group)["metricAttributions"]
    assert listed["metricAttributionArn"] == arn and listed["status"] == "ACTIVE"
    with refused("InvalidInputException", "with an S3 path"):
        aws.start_import(dataset, aws.put(head), publishAttributionMetricsToS3=True)
    with refused("ResourceInUseException", arn):
        aws.personalize.delete_dataset(datasetArn=dataset)
    aws.personalize.delete_metric_attribution(metricAttributionArn=arn)
    aws.gone("metric_attribution", arn)


def test_metric_attribution_exceptions(aws, role):
    dataset = aws.dataset()
    group = group_of(dataset)
    p = aws.personalize
    with refused("ResourceNotFoundException"):
        attribution(aws, aws.arn("dataset-group", "none"), role)
    with refused("InvalidInputException", "at character 5"):
        attribution(aws, group, role, metrics=[{"eventType": "w", "metricName": "m", "expression": "SUM(Users.AGE)"}])
    arn = attribution(aws, group, role)
    with refused("ResourceAlreadyExistsException", arn):
        attribution(aws, group, role)
    aws.settle("metric_attribution", arn)
    provoke("ResourceInUseException", lambda: attribution(aws, group_of(aws.dataset(wait=False)), role))
    none = aws.arn("metric-attribution", "none")
    for call in (p.describe_metric_attribution, p.delete_metric_attribution, p.update_metric_attribution):
        with refused("ResourceNotFoundException"):
            call(metricAttributionArn=none)
        with refused("InvalidInputException", "not that of a metric attribution"):
            call(metricAttributionArn=group)
    with refused("ResourceAlreadyExistsException", "watches"):
        p.update_metric_attribution(
            metricAttributionArn=arn, addMetrics=[{"eventType": "w", "metricName": "watches", "expression": "SAMPLECOUNT()"}]
        )
    for call, argument in ((p.list_metric_attributions, "datasetGroupArn"), (p.list_metric_attribution_metrics, "metricAttributionArn")):
        with refused("InvalidInputException"):
            call(**{argument: dataset})
        with refused("InvalidNextTokenException"):
            call(nextToken="nonsense")

    def made_and(call):
        other = attribution(aws, group_of(aws.dataset()), role)
        call(other)

    provoke("ResourceInUseException", lambda: made_and(lambda a: p.update_metric_attribution(metricAttributionArn=a)))
    provoke("ResourceInUseException", lambda: made_and(lambda a: p.delete_metric_attribution(metricAttributionArn=a)))
