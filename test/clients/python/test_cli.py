"""The AWS CLI, as a user calls it."""

import json
import os
import pathlib
import subprocess
import sys
import time

import data
import extension
from account import TRUST, read_policy, unique, write_policy

AWS = str(pathlib.Path(sys.executable).with_name("aws"))


def run(*words, fails=None, output="json"):
    """Runs aws and returns what it prints, parsed; or, where it is to fail, its
    standard error, which must name the code."""
    environment = os.environ | {"AWS_PAGER": "", "AWS_MAX_ATTEMPTS": "1", "AWS_RETRY_MODE": "standard"}
    done = subprocess.run(
        [AWS, *words, "--output", output], capture_output=True, text=True, timeout=120, env=environment
    )
    if fails:
        assert done.returncode in (254, 255), done
        assert f"({fails})" in done.stderr, done
        return done.stderr
    assert done.returncode == 0, done
    return json.loads(done.stdout) if done.stdout.strip() and output == "json" else done.stdout


def settle(resource, arn):
    end = time.monotonic() + 120
    while time.monotonic() < end:
        argument = f"--{resource}-arn"
        (found,) = run("personalize", f"describe-{resource}", argument, arn).values()
        if found["status"] in ("ACTIVE", "COMPLETED", "CREATE FAILED", "FAILED"):
            return found
    raise AssertionError(f"{arn} is still {found['status']}")


def gone(resource, arn):
    end = time.monotonic() + 120
    while time.monotonic() < end:
        listed = run("personalize", f"list-{resource}s", "--output", "json")
        if arn not in json.dumps(listed):
            return
    raise AssertionError(f"{arn} is still listed")


def test_story(tmp_path, aws):
    name = unique("cli")
    bucket, folder = f"{name}-bucket", tmp_path / "data"
    folder.mkdir()
    (folder / "full.csv").write_text(data.interactions(3000))
    (folder / "more.csv").write_text(data.interactions(1000, first=3000))
    (folder / "bad.csv").write_text(data.interactions(5) + "u,i,watch,1,soon\n")
    (tmp_path / "schema.json").write_text(data.INTERACTIONS)
    (tmp_path / "trust.json").write_text(json.dumps(TRUST))
    (tmp_path / "read.json").write_text(json.dumps(read_policy(bucket)))

    account = run("sts", "get-caller-identity")["Account"]
    run("s3", "mb", f"s3://{bucket}", output="text")
    aws.undo.append(lambda: run("s3", "rb", "--force", f"s3://{bucket}", output="text"))
    run("s3", "cp", "--recursive", str(folder), f"s3://{bucket}/in", output="text")
    assert "in/full.csv" in run("s3", "ls", "--recursive", f"s3://{bucket}", output="text")

    trust = f"file://{tmp_path}/trust.json"
    role = run("iam", "create-role", "--role-name", name, "--assume-role-policy-document", trust)["Role"]["Arn"]
    assert role == f"arn:aws:iam::{account}:role/{name}"
    aws.undo.append(lambda: aws.drop_role(name))
    policy = f"file://{tmp_path}/read.json"
    run("iam", "put-role-policy", "--role-name", name, "--policy-name", "read", "--policy-document", policy)

    text = f"file://{tmp_path}/schema.json"
    schema = run("personalize", "create-schema", "--name", name, "--schema", text)["schemaArn"]
    aws.undo.append(lambda: aws.delete("schema", schema))
    group = run("personalize", "create-dataset-group", "--name", name, "--tags", "tagKey=team,tagValue=home")[
        "datasetGroupArn"
    ]
    aws.undo.append(lambda: aws.delete("dataset_group", group))
    assert settle("dataset-group", group)["status"] == "ACTIVE"
    dataset = run(
        "personalize", "create-dataset", "--name", name, "--dataset-type", "Interactions",
        "--dataset-group-arn", group, "--schema-arn", schema,
    )["datasetArn"]
    aws.undo.append(lambda: aws.delete("dataset", dataset))
    assert settle("dataset", dataset)["status"] == "ACTIVE"

    def create_import(job, file, *more, fails=None):
        return run(
            "personalize", "create-dataset-import-job", "--job-name", job, "--dataset-arn", dataset,
            "--data-source", f"dataLocation=s3://{bucket}/in/{file}", "--role-arn", role, *more, fails=fails,
        )

    create_import(name + "-early", "more.csv", "--import-mode", "INCREMENTAL", fails="InvalidInputException")
    full = create_import(name + "-full", "full.csv")["datasetImportJobArn"]
    assert settle("dataset-import-job", full)["status"] == "ACTIVE"
    more = create_import(name + "-more", "more.csv", "--import-mode", "INCREMENTAL")["datasetImportJobArn"]
    assert settle("dataset-import-job", more)["status"] == "ACTIVE"
    bad = create_import(name + "-bad", "bad.csv")["datasetImportJobArn"]
    failed = settle("dataset-import-job", bad)
    assert failed["status"] == "CREATE FAILED" and "TIMESTAMP" in failed["failureReason"]
    assert f"Another resource with Arn {full} already exists." in create_import(
        name + "-full", "full.csv", fails="ResourceAlreadyExistsException"
    )
    create_import(name + "-none", "none.csv", fails="InvalidInputException")

    # The CLI follows pages by itself, of any size.
    jobs = run("personalize", "list-dataset-import-jobs", "--dataset-arn", dataset, "--page-size", "1")
    assert [j["datasetImportJobArn"] for j in jobs["datasetImportJobs"]] == [bad, more, full]
    first = run("personalize", "list-dataset-import-jobs", "--dataset-arn", dataset, "--max-items", "2")
    rest = run(
        "personalize", "list-dataset-import-jobs", "--dataset-arn", dataset, "--starting-token", first["NextToken"]
    )
    assert [j["datasetImportJobArn"] for j in rest["datasetImportJobs"]] == [full]
    assert "CREATE FAILED" in run(
        "personalize", "list-dataset-import-jobs", "--dataset-arn", dataset,
        "--query", "datasetImportJobs[].status", output="text",
    )

    run("personalize", "tag-resource", "--resource-arn", group, "--tags", "tagKey=a,tagValue=b")
    run("personalize", "untag-resource", "--resource-arn", group, "--tag-keys", "team")
    assert run("personalize", "list-tags-for-resource", "--resource-arn", group)["tags"] == [
        {"tagKey": "a", "tagValue": "b"}
    ]

    made = run("personalize", "create-event-tracker", "--name", name, "--dataset-group-arn", group)
    aws.undo.append(lambda: aws.delete("event_tracker", made["eventTrackerArn"]))
    assert settle("event-tracker", made["eventTrackerArn"])["trackingId"] == made["trackingId"]
    put = ("personalize-events", "put-events", "--tracking-id", made["trackingId"], "--user-id", "u1", "--session-id", "s")
    good = {"eventType": "watch", "itemId": "i1", "sentAt": 1_700_000_000, "eventValue": 1.5}
    assert run(*put, "--event-list", json.dumps([good])) == ""
    bad = good | {"properties": '{"eventValue": "much"}'}
    assert "eventList.2.member" in run(*put, "--event-list", json.dumps([good, bad]), fails="InvalidInputException")

    solution = run(
        "personalize", "create-solution", "--name", name, "--dataset-group-arn", group, "--no-perform-auto-training",
        "--recipe-arn", "arn:aws:personalize:::recipe/aws-popularity-count",
    )["solutionArn"]
    aws.undo.append(lambda: aws.delete("solution", solution))
    assert settle("solution", solution)["status"] == "ACTIVE"
    version = run("personalize", "create-solution-version", "--solution-arn", solution)["solutionVersionArn"]
    assert settle("solution-version", version)["status"] == "ACTIVE"
    assert len(run("personalize", "get-solution-metrics", "--solution-version-arn", version)["metrics"]) == 8
    campaign = run("personalize", "create-campaign", "--name", name, "--solution-version-arn", version)["campaignArn"]
    aws.undo.append(lambda: aws.delete("campaign", campaign))
    assert settle("campaign", campaign)["status"] == "ACTIVE"
    ask = ("personalize-runtime", "get-recommendations", "--user-id", "u1", "--campaign-arn")
    assert len(run(*ask, campaign)["itemList"]) == 25
    run(*ask, campaign + "-none", fails="ResourceNotFoundException")
    run("personalize", "delete-solution", "--solution-arn", solution, fails="ResourceInUseException")
    run("personalize", "delete-campaign", "--campaign-arn", campaign)
    gone("campaign", campaign)
    run("personalize", "delete-solution", "--solution-arn", solution)
    gone("solution", solution)

    run("personalize", "delete-schema", "--schema-arn", schema, fails="ResourceInUseException")
    run("personalize", "delete-dataset-group", "--dataset-group-arn", group, fails="ResourceInUseException")
    tracker = made["eventTrackerArn"]
    assert tracker in run("personalize", "delete-dataset", "--dataset-arn", dataset, fails="ResourceInUseException")
    run("personalize", "delete-event-tracker", "--event-tracker-arn", tracker)
    gone("event-tracker", tracker)
    run("personalize", "delete-dataset", "--dataset-arn", dataset)
    gone("dataset", dataset)
    run("personalize", "delete-dataset-group", "--dataset-group-arn", group)
    gone("dataset-group", group)
    run("personalize", "delete-schema", "--schema-arn", schema)
    run("personalize", "describe-schema", "--schema-arn", schema, fails="ResourceNotFoundException")


def test_getting_out(aws):
    """Exports, deletions of users and metrics of events."""
    name, folder = unique("cli"), unique("out")
    role = aws.new_role(write_policy(aws.bucket))
    dataset = aws.dataset(schema=aws.schema(data.ATTRIBUTED))
    group = aws.describe("dataset", dataset)["datasetGroupArn"]
    rows = 'u1,"i, 1",watch,0.1,1700000000,mail\nu1,i2,watch,,1700000001,\nu2,i1,buy,3,1700000002,\n'

    def run_import(job, location, *more):
        arn = run(
            "personalize", "create-dataset-import-job", "--job-name", job, "--dataset-arn", dataset,
            "--data-source", f"dataLocation={location}", "--role-arn", role, *more,
        )["datasetImportJobArn"]
        assert settle("dataset-import-job", arn)["status"] == "ACTIVE"

    def create_export(job, fails=None):
        return run(
            "personalize", "create-dataset-export-job", "--job-name", job, "--dataset-arn", dataset, "--ingestion-mode", "ALL",
            "--role-arn", role, "--job-output", f"s3DataDestination={{path=s3://{aws.bucket}/{folder}}}", fails=fails,
        )

    def read(key):
        return run("s3", "cp", f"s3://{aws.bucket}/{key}", "-", output="text")

    exports, location = [], aws.put(data.ATTRIBUTED_HEADER + rows)
    for job in (f"{name}-first", f"{name}-again"):
        run_import(job, location)
        exports.insert(0, create_export(job)["datasetExportJobArn"])
        export = settle("dataset-export-job", exports[0])
        assert export["status"] == "ACTIVE" and export["ingestionMode"] == "ALL"
        assert read(f"{folder}/{job}/part-00000.csv") == data.ATTRIBUTED_HEADER + rows
        location = f"s3://{aws.bucket}/{folder}/{job}/"
    listed = run("personalize", "list-dataset-export-jobs", "--dataset-arn", dataset)["datasetExportJobs"]
    assert [job["datasetExportJobArn"] for job in listed] == exports
    assert exports[0] in create_export(f"{name}-again", fails="ResourceAlreadyExistsException")

    def create_deletion(location, fails=None):
        return run(
            "personalize", "create-data-deletion-job", "--job-name", name, "--dataset-group-arn", group,
            "--role-arn", role, "--data-source", f"dataLocation={location}", fails=fails,
        )

    assert "single column USER_ID" in create_deletion(location, fails="InvalidInputException")
    deletion = create_deletion(aws.put("USER_ID\nu1\nnobody\n"))["dataDeletionJobArn"]
    ended = settle("data-deletion-job", deletion)
    assert ended["status"] == "COMPLETED" and ended["numDeleted"] == 2
    assert extension.rows(dataset) == 1
    (listed,) = run("personalize", "list-data-deletion-jobs", "--dataset-group-arn", group)["dataDeletionJobs"]
    assert listed["dataDeletionJobArn"] == deletion and listed["status"] == "COMPLETED"

    output = f"roleArn={role},s3DataDestination={{path=s3://{aws.bucket}/{folder}/metrics}}"
    attribution = run(
        "personalize", "create-metric-attribution", "--name", name, "--dataset-group-arn", group,
        "--metrics", "metricName=watches,eventType=watch,expression=SAMPLECOUNT()",
        "metricName=buys,eventType=buy,expression=SAMPLECOUNT()", "--metrics-output-config", output,
    )["metricAttributionArn"]  # fmt: skip
    aws.undo.append(lambda: aws.delete("metric_attribution", attribution))
    this = ("--metric-attribution-arn", attribution)
    assert settle("metric-attribution", attribution)["metricsOutputConfig"]["roleArn"] == role
    minutes = "metricName=minutes,eventType=watch,expression=SUM(Interactions.EVENT_VALUE)"
    run("personalize", "update-metric-attribution", *this, "--add-metrics", minutes, "--remove-metrics", "buys")
    metrics = run("personalize", "list-metric-attribution-metrics", *this)["metrics"]
    assert {m["metricName"]: m["expression"] for m in metrics} == {
        "watches": "SAMPLECOUNT()", "minutes": "SUM(Interactions.EVENT_VALUE)",
    }  # fmt: skip
    (listed,) = run("personalize", "list-metric-attributions", "--dataset-group-arn", group)["metricAttributions"]
    assert listed["metricAttributionArn"] == attribution

    now = int(time.time())
    more = aws.put(data.ATTRIBUTED_HEADER + f"u3,i1,watch,1.5,{now},mail\nu3,i2,watch,,{now},\nu3,i2,buy,9,{now},mail\n")
    run_import(f"{name}-more", more, "--import-mode", "INCREMENTAL", "--publish-attribution-metrics-to-s3")
    found = run("s3api", "list-objects-v2", "--bucket", aws.bucket, "--prefix", f"{folder}/metrics/")
    (report,) = [each["Key"] for each in found["Contents"]]
    assert report.startswith(f"{folder}/metrics/AggregatedAttributionMetrics - INCREMENTAL - ")
    head, *lines = read(report).splitlines()
    assert head == "METRIC_NAME,EVENT_TYPE,VALUE,MATH_FUNCTION,EVENT_ATTRIBUTION_SOURCE,TIMESTAMP"
    window = now - now % 900
    assert sorted(lines) == [
        f"minutes,watch,1.5,sum,mail,{window}",
        f"watches,watch,1.0,samplecount,SOURCE_NAME_UNDEFINED,{window}",
        f"watches,watch,1.0,samplecount,mail,{window}",
    ]
    kept = extension.get("/bespoke/v1/attributed-metrics/" + group.rpartition("/")[2])["metrics"]
    assert sorted((sum_["metric"], sum_["source"], sum_["value"]) for sum_ in kept) == [
        ("minutes", "mail", 1.5), ("watches", "SOURCE_NAME_UNDEFINED", 1), ("watches", "mail", 1),
    ]  # fmt: skip

    assert attribution in run("personalize", "delete-dataset", "--dataset-arn", dataset, fails="ResourceInUseException")
    run("personalize", "delete-metric-attribution", *this)
    gone("metric-attribution", attribution)


def test_errors(aws):
    assert "validation error detected" in run(
        "personalize", "create-dataset-group", "--name", "not/a/name", fails="ValidationException"
    )
    run("personalize", "list-schemas", "--starting-token", "eyJuZXh0VG9rZW4iOiAieCJ9", fails="InvalidNextTokenException")
    run("iam", "get-role", "--role-name", unique(), fails="NoSuchEntity")


def test_multipart_upload(tmp_path, aws):
    """A file that the CLI sends in parts, and fetches in ranges, is imported."""
    big = tmp_path / "big.csv"
    big.write_text(data.interactions(600_000))
    assert big.stat().st_size > 16 << 20
    location = f"s3://{aws.bucket}/{unique()}/big.csv"
    run("s3", "cp", str(big), location, output="text")
    run("s3", "cp", location, str(tmp_path / "back.csv"), output="text")
    assert (tmp_path / "back.csv").read_bytes() == big.read_bytes()
    aws.imported(aws.dataset(), location)
