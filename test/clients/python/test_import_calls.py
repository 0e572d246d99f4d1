"""What CreateDatasetImportJob refuses before it accepts a job."""

import pytest

import data
from account import provoke, refused, unique

CODE = "InvalidInputException"


@pytest.fixture
def dataset(aws):
    return aws.dataset()


def create(aws, dataset, location, **more):
    return aws.personalize.create_dataset_import_job(
        jobName=unique("import"), datasetArn=dataset, dataSource={"dataLocation": location}, roleArn=aws.role, **more
    )


@pytest.fixture(autouse=True)
def no_job_is_left(aws, request):
    """A refused call leaves no job behind."""
    dataset = request.getfixturevalue("dataset") if "dataset" in request.fixturenames else None
    yield
    if dataset:
        assert aws.personalize.list_dataset_import_jobs(datasetArn=dataset)["datasetImportJobs"] == []


class TestLocation:
    def test_no_object(self, aws, dataset):
        with refused(CODE, "Invalid Data location."):
            create(aws, dataset, f"s3://{aws.bucket}/{unique()}.csv")

    def test_no_bucket(self, aws, dataset):
        role = aws.new_role(attach=["arn:aws:iam::aws:policy/AmazonS3FullAccess"])
        with refused(CODE, "Invalid Data location."):
            aws.start_import(dataset, f"s3://{unique('nobucket')}/a.csv", roleArn=role)

    def test_empty_folder(self, aws, dataset):
        with refused(CODE, "Invalid Data location."):
            create(aws, dataset, f"s3://{aws.bucket}/{unique()}/")

    def test_only_subfolders(self, aws, dataset):
        folder = unique()
        aws.put(data.interactions(10), f"{folder}/below/rows.csv")
        with refused(CODE, "Invalid Data location."):
            create(aws, dataset, f"s3://{aws.bucket}/{folder}/")

    def test_empty_object(self, aws, dataset):
        with refused(CODE, "Invalid Data location."):
            create(aws, dataset, aws.put(b""))

    @pytest.mark.parametrize("location", ["s3:///rows.csv", "https://example.com/rows.csv", "s3://Not_A_Bucket!/a"])
    def test_not_an_s3_location(self, aws, dataset, location):
        with refused(CODE, "Invalid Data location."):
            create(aws, dataset, location)

    def test_no_location(self, aws, dataset):
        with refused(CODE):
            aws.personalize.create_dataset_import_job(
                jobName=unique(), datasetArn=dataset, dataSource={}, roleArn=aws.role
            )


class TestHeader:
    def test_columns_missing(self, aws, dataset):
        with refused(CODE, "Input csv is missing the following columns: [ITEM_ID, TIMESTAMP]"):
            create(aws, dataset, aws.put("USER_ID,EVENT_TYPE,EVENT_VALUE\nu,watch,1\n"))

    def test_nullable_column_missing(self, aws, dataset):
        with refused(CODE, "Input csv is missing the following columns: [EVENT_VALUE]"):
            create(aws, dataset, aws.put("USER_ID,ITEM_ID,EVENT_TYPE,TIMESTAMP\nu,i,watch,1700000000\n"))

    def test_no_header(self, aws, dataset):
        with refused(CODE, "Input csv is missing the following columns: [USER_ID, ITEM_ID"):
            create(aws, dataset, aws.put("u1,i1,watch,0.5,1700000000\n"))

    def test_column_twice(self, aws, dataset):
        with refused(CODE, "USER_ID"):
            create(aws, dataset, aws.put("USER_ID," + data.interactions(3)))

    def test_semicolons(self, aws, dataset):
        with refused(CODE, ";"):
            create(aws, dataset, aws.put(data.interactions(3).replace(",", ";")))

    def test_folder_with_unequal_headers(self, aws, dataset):
        folder = unique()
        aws.put(data.interactions(3), f"{folder}/a.csv")
        aws.put("USER_ID,ITEM_ID\nu,i\n", f"{folder}/b.csv")
        with refused(CODE, "b.csv"):
            create(aws, dataset, f"s3://{aws.bucket}/{folder}/")


def test_incremental_first(aws, dataset):
    with refused(CODE, dataset):
        create(aws, dataset, aws.put(data.interactions(10)), importMode="INCREMENTAL")


def test_too_many_tags(aws, dataset):
    tags = [{"tagKey": f"k{i}", "tagValue": "v"} for i in range(51)]
    with refused("TooManyTagsException"):
        create(aws, dataset, aws.put(data.interactions(10)), tags=tags)


def test_unknown_dataset(aws):
    nowhere = aws.arn("dataset", unique() + "/INTERACTIONS")
    with refused("ResourceNotFoundException", nowhere):
        create(aws, nowhere, aws.put(data.interactions(10)))


def test_same_name(aws):
    dataset, name, location = aws.dataset(), unique("import"), aws.put(data.interactions(10))

    def again():
        return aws.personalize.create_dataset_import_job(
            jobName=name, datasetArn=dataset, dataSource={"dataLocation": location}, roleArn=aws.role
        )["datasetImportJobArn"]

    job = again()
    with refused("ResourceAlreadyExistsException", f"Another resource with Arn {job} already exists."):
        again()
    aws.settle("dataset_import_job", job)
    with refused("ResourceAlreadyExistsException", f"Another resource with Arn {job} already exists."):
        again()


def test_dataset_not_active(aws):
    group, schema, location = aws.group(), aws.schema(data.INTERACTIONS), aws.put(data.interactions(10))

    def attempt():
        dataset = aws.dataset(group=group, schema=schema, wait=False)
        try:
            aws.start_import(dataset, location)
        finally:
            aws.delete("dataset", dataset)

    provoke("ResourceInUseException", attempt)


def test_unknown_job(aws):
    arn = aws.arn("dataset-import-job", unique())
    with refused("ResourceNotFoundException", arn):
        aws.personalize.describe_dataset_import_job(datasetImportJobArn=arn)
    arn = aws.arn("dataset", unique() + "/ITEMS")
    with refused("InvalidInputException", arn):
        aws.personalize.describe_dataset_import_job(datasetImportJobArn=arn)
