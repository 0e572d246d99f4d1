"""What becomes of an accepted job: rows that count, and reasons for failing."""

import re
import time

import pytest

import data
import extension
from account import refused, unique

ROW = "u1,i1,watch,0.5,1700000000\n"


def fails(aws, dataset, body):
    """Imports body, which fails for a bad row; returns reason and location."""
    location = aws.put(body)
    job = aws.run_import(dataset, location)
    assert job["status"] == "CREATE FAILED", job
    listed = aws.personalize.list_dataset_import_jobs(datasetArn=dataset)["datasetImportJobs"][0]
    assert listed["status"] == "CREATE FAILED" and listed["failureReason"] == job["failureReason"]
    assert extension.rows(dataset) == 0, "a failed job changes nothing"
    return job["failureReason"], location


BAD = {
    # name: bad line, column, part of the value, other texts
    "not a number": ("u1,i1,watch,0.5,yesterday", "TIMESTAMP", "yesterday", []),
    "milliseconds": ("u1,i1,watch,0.5,1700000000000", "TIMESTAMP", "1700000000000", ["seconds"]),
    "negative time": ("u1,i1,watch,0.5,-5", "TIMESTAMP", "-5", []),
    "fraction in a long": ("u1,i1,watch,0.5,1700000000.5", "TIMESTAMP", "1700000000.5", []),
    "too large for a long": ("u1,i1,watch,0.5,99999999999999999999", "TIMESTAMP", "99999999999999999999", []),
    "not a float": ("u1,i1,watch,much,1700000000", "EVENT_VALUE", "much", []),
    "NaN": ("u1,i1,watch,NaN,1700000000", "EVENT_VALUE", "NaN", []),
    "empty": (",i1,watch,0.5,1700000000", "USER_ID", "", []),
    "empty long": ("u1,i1,watch,0.5,", "TIMESTAMP", "", []),
    "user too long": (
        f"{'u' * 257},i1,watch,0.5,1700000000",
        "USER_ID",
        "uuu",
        ["Length cannot be more than 256 characters for USER_ID."],
    ),
    "string too long": (
        f"u1,i1,{'w' * 1001},0.5,1700000000",
        "EVENT_TYPE",
        "www",
        ["Length cannot be more than 1000 characters for EVENT_TYPE."],
    ),
}


@pytest.mark.parametrize("line, column, value, texts", BAD.values(), ids=BAD)
def test_bad_value(aws, line, column, value, texts):
    reason, location = fails(aws, aws.dataset(), data.HEADER + ROW + line + "\n" + ROW)
    for text in [location, column, value, *texts]:
        assert text in reason
    assert re.search(r"\bline 3\b", reason), reason
    assert len(reason) < 2000, "the value is cut short"


@pytest.mark.parametrize(
    "line",
    ["u1,i1,watch,0.5", "u1,i1,watch,0.5,1700000000,more", '"u1,i1,watch,0.5,1700000000', '"u1"x,i1,watch,0.5,1700000000'],
    ids=["too few cells", "too many cells", "open quote", "text after a quote"],
)
def test_bad_row(aws, line):
    reason, location = fails(aws, aws.dataset(), data.HEADER + ROW + line + "\n" + ROW)
    assert location in reason and re.search(r"\bline 3\b", reason), reason


def test_bad_utf8(aws):
    reason, location = fails(aws, aws.dataset(), (data.HEADER + ROW).encode() + b"u\xe9,i1,watch,0.5,1700000000\n")
    assert location in reason and "UTF-8" in reason and re.search(r"\bline 3\b", reason), reason


def test_all_bad_rows_are_counted(aws):
    """The reason names the first and how many there are, the report has each."""
    dataset = aws.dataset()
    body = data.HEADER + "".join(ROW if i % 3 else "u1,i1,watch,0.5,never\n" for i in range(3000))
    location = aws.put(body)
    job = aws.run_import(dataset, location)
    assert job["status"] == "CREATE FAILED"
    assert re.search(r"\bline 2\b", job["failureReason"]) and re.search(r"\b1,?000\b", job["failureReason"])
    found = extension.progress(job["datasetImportJobArn"])
    assert found["rows"]["rejected"] == 1000
    first = found["rejectedRows"][0]
    assert (first["object"], first["line"], first["column"]) == (location, 2, "TIMESTAMP")
    assert "never" in first["value"]
    report = extension.get("/bespoke/v1/dataset-import-jobs/" + job["jobName"] + "/report")
    assert [row["line"] for row in report["bad"][:5]] == [2, 5, 8, 11, 14]


GOOD = {
    "columns in another order": "TIMESTAMP,EVENT_VALUE,EVENT_TYPE,ITEM_ID,USER_ID\n1700000000,0.5,watch,i1,u1\n",
    "one column more": "USER_ID,NOTE,ITEM_ID,EVENT_TYPE,EVENT_VALUE,TIMESTAMP\nu1,hello,i1,watch,0.5,1700000000\n",
    "byte order mark": "\ufeff" + data.HEADER + ROW,
    "Windows lines": (data.HEADER + ROW).replace("\n", "\r\n"),
    "no last line end": (data.HEADER + ROW).rstrip("\n"),
    "empty where null is allowed": data.HEADER + "u1,i1,watch,,1700000000\n",
    "lower-case header": data.HEADER.lower() + ROW,
    "quoted comma": data.HEADER + '"u,1",i1,"wat,ch",0.5,1700000000\n',
    "escaped quotes": data.HEADER + r'"u\"1",i1,"a ""b"" \\",0.5,1700000000' + "\n",
    "forms of floats": data.HEADER + "u1,i1,watch,.50,1700000000\n",
    "other scripts": data.HEADER + "用户,товар,観る,1e3,1700000000\n",
}


@pytest.mark.parametrize("body", GOOD.values(), ids=GOOD)
def test_good_forms(aws, body):
    dataset = aws.dataset()
    aws.imported(dataset, aws.put(body))
    assert extension.rows(dataset) == 1


def test_extra_column_is_reported(aws):
    job = aws.imported(aws.dataset(), aws.put(GOOD["one column more"]))
    assert any("NOTE" in w for w in extension.progress(job["datasetImportJobArn"])["warnings"])


def test_folder(aws):
    """All objects of the first level, and nothing below it."""
    dataset, folder = aws.dataset(), unique("folder")
    for i in range(12):
        aws.put(data.interactions(100, first=i * 100), f"{folder}/part-{i:05}")
    aws.put(data.interactions(100, first=100_000), f"{folder}/below/part-0")
    aws.put(data.interactions(100, first=200_000), f"{folder}-beside/part-0")
    aws.put(b"", f"{folder}/_SUCCESS")
    aws.imported(dataset, f"s3://{aws.bucket}/{folder}/")
    assert extension.rows(dataset) == 1200
    found = extension.content(dataset)
    assert (found["distinctUsers"], found["distinctItems"]) == (97, 53)


def test_full_replaces(aws):
    dataset = aws.dataset()
    aws.imported(dataset, aws.put(data.interactions(300)))
    aws.imported(dataset, aws.put(data.interactions(200, first=250)))
    assert extension.rows(dataset) == 200


def test_exact_duplicates_count_once(aws):
    dataset = aws.dataset()
    job = aws.imported(dataset, aws.put(data.interactions(100) + data.interactions(40).partition("\n")[2]))
    assert extension.rows(dataset) == 100
    assert extension.progress(job["datasetImportJobArn"])["rows"]["duplicate"] == 40
    # One cell differs: another interaction.
    aws.imported(dataset, aws.put(data.interactions(100).replace("watch", "click")), importMode="INCREMENTAL")
    assert extension.rows(dataset) == 200


def test_incremental_replaces_items(aws):
    dataset = aws.dataset("ITEMS")
    aws.imported(dataset, aws.put(data.items(100)))
    job = aws.imported(dataset, aws.put(data.items(100, first=60, price=9)), importMode="INCREMENTAL")
    assert extension.rows(dataset) == 160
    counts = extension.progress(job["datasetImportJobArn"])["rows"]
    assert (counts["accepted"], counts["replaced"]) == (100, 40)


def test_failed_job_keeps_earlier_rows(aws):
    dataset = aws.dataset()
    aws.imported(dataset, aws.put(data.interactions(100)))
    for mode in ("FULL", "INCREMENTAL"):
        job = aws.run_import(dataset, aws.put(data.interactions(50) + "bad\n"), importMode=mode)
        assert job["status"] == "CREATE FAILED"
        assert extension.rows(dataset) == 100


def test_failed_import_is_no_bulk_data(aws):
    dataset = aws.dataset()
    fails(aws, dataset, data.HEADER + "bad\n")
    with refused("InvalidInputException"):
        aws.start_import(dataset, aws.put(data.interactions(10)), importMode="INCREMENTAL")


def test_jobs_of_one_dataset_follow_one_another(aws):
    dataset = aws.dataset()
    aws.imported(dataset, aws.put(data.interactions(10)))
    jobs = [
        aws.start_import(dataset, aws.put(data.interactions(1000, first=i * 900)), importMode="INCREMENTAL")
        for i in range(6)
    ]
    for job in jobs:
        assert aws.settle("dataset_import_job", job)["status"] == "ACTIVE"
    assert extension.rows(dataset) == 5 * 900 + 1000


def test_source_may_go_after_active(aws):
    dataset, location = aws.dataset(), aws.put(data.interactions(100))
    aws.imported(dataset, location)
    key = location.partition(aws.bucket + "/")[2]
    aws.s3.put_object(Bucket=aws.bucket, Key=key, Body=b"something else")
    aws.s3.delete_object(Bucket=aws.bucket, Key=key)
    assert extension.rows(dataset) == 100


def test_object_changed_while_waiting(aws):
    """The object is not the one that was accepted: the job fails and says so.
    It waits behind others, so that there is time to change it."""
    dataset, big = aws.dataset(), aws.put(data.interactions(200_000))
    ahead = [aws.start_import(dataset, big) for _ in range(2)]
    location = aws.put(data.interactions(100))
    job = aws.start_import(dataset, location)
    aws.put(data.interactions(101), location.partition(aws.bucket + "/")[2])
    found = aws.settle("dataset_import_job", job)
    assert found["status"] == "CREATE FAILED", found
    assert location in found["failureReason"] and "changed" in found["failureReason"]
    for other in ahead:
        assert aws.settle("dataset_import_job", other)["status"] == "ACTIVE"
    assert extension.rows(dataset) == 200_000


def test_many_polls_see_legal_statuses(aws):
    """Polled without a pause, a job never shows a status out of order."""
    dataset = aws.dataset()
    job = aws.start_import(dataset, aws.put(data.interactions(100_000)))
    seen = []
    end = time.monotonic() + 120
    while time.monotonic() < end:
        status = aws.describe("dataset_import_job", job)["status"]
        if not seen or seen[-1] != status:
            seen.append(status)
        if status in ("ACTIVE", "CREATE FAILED"):
            break
    assert seen in (["CREATE PENDING", "CREATE IN_PROGRESS", "ACTIVE"], ["CREATE IN_PROGRESS", "ACTIVE"]), seen
