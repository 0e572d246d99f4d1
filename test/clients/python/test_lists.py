"""Lists: order, pages, tokens, filters."""

import pytest

import data
import shop as shops
from account import refused, unique


def walk(aws, operation, key, size, **filters):
    """All items, by the SDK's paginator."""
    pages = list(aws.personalize.get_paginator(operation).paginate(PaginationConfig={"PageSize": size}, **filters))
    assert all(len(page[key]) == size for page in pages[:-1])
    assert "nextToken" not in pages[-1]
    return [item for page in pages for item in page[key]]


def names(items, prefix, key="name"):
    return [i[key] for i in items if i[key].startswith(prefix)]


def test_groups(aws):
    prefix = unique("g")
    made = []
    for i in range(7):
        made.append(f"{prefix}-{i}")
        arn = aws.personalize.create_dataset_group(name=made[-1])["datasetGroupArn"]
        aws.undo.append(lambda arn=arn: aws.delete("dataset_group", arn))
    assert names(walk(aws, "list_dataset_groups", "datasetGroups", 3), prefix) == made[::-1]
    assert names(aws.personalize.list_dataset_groups()["datasetGroups"], prefix) == made[::-1]


def test_schemas(aws):
    prefix = unique("s")
    made = []
    for i in range(105):  # more than one page holds
        made.append(f"{prefix}-{i}")
        arn = aws.personalize.create_schema(name=made[-1], schema=data.USERS)["schemaArn"]
        aws.undo.append(lambda arn=arn: aws.delete("schema", arn))
    first = aws.personalize.list_schemas()
    assert len(first["schemas"]) == 100 and first["nextToken"].isascii() and len(first["nextToken"]) <= 1500
    listed = walk(aws, "list_schemas", "schemas", 20)
    assert names(listed, prefix) == made[::-1]
    assert "schema" not in listed[0] and "status" not in listed[0]


def test_datasets(aws):
    group = aws.group()
    made = [aws.dataset(kind, group) for kind in data.BY_TYPE]
    elsewhere = aws.dataset("USERS")
    assert [d["datasetArn"] for d in walk(aws, "list_datasets", "datasets", 2, datasetGroupArn=group)] == made[::-1]
    everything = [d["datasetArn"] for d in walk(aws, "list_datasets", "datasets", 2)]
    assert set(made) < set(everything) and elsewhere in everything
    assert aws.personalize.list_datasets(datasetGroupArn=aws.group())["datasets"] == []


def test_import_jobs(aws):
    dataset, location = aws.dataset("ITEMS"), aws.put(data.items(5))
    made = [aws.imported(dataset, location)["datasetImportJobArn"] for _ in range(5)]
    listed = walk(aws, "list_dataset_import_jobs", "datasetImportJobs", 2, datasetArn=dataset)
    assert [j["datasetImportJobArn"] for j in listed] == made[::-1]
    assert set(made) <= {j["datasetImportJobArn"] for j in walk(aws, "list_dataset_import_jobs", "datasetImportJobs", 100)}


def test_trainings(aws):
    """Solutions, their versions and campaigns: the newest first, of one parent or
    of all."""
    group, elsewhere = aws.group(), aws.group()
    for g in (group, elsewhere):
        aws.imported(aws.dataset(group=g), aws.put(data.interactions(1000)))
    solutions = [shops.solution(aws, group) for _ in range(3)]
    other = shops.solution(aws, elsewhere)
    versions = [shops.version(aws, solutions[0]) for _ in range(5)]
    campaigns = [shops.campaign(aws, v) for v in versions[:3]]
    others = {"solution": other, "solutionVersion": shops.version(aws, other)}
    others["campaign"] = shops.campaign(aws, others["solutionVersion"])
    for key, made, parent in (
        ("solution", solutions, {"datasetGroupArn": group}),
        ("solutionVersion", versions, {"solutionArn": solutions[0]}),
        ("campaign", campaigns, {"solutionArn": solutions[0]}),
    ):
        operation, plural = f"list_{key}s".replace("V", "_v"), key + "s"
        for size in (1, 2, 100):
            listed = walk(aws, operation, plural, size, **parent)
            assert [each[key + "Arn"] for each in listed] == made[::-1]
        everything = [each[key + "Arn"] for each in walk(aws, operation, plural, 2)]
        assert {*made, others[key]} <= set(everything) and len(set(everything)) == len(everything)
        assert all(each["status"] == "ACTIVE" and "failureReason" not in each for each in listed)
    assert {"trainingMode": "FULL", "trainingType": "MANUAL"}.items() <= aws.personalize.list_solution_versions()["solutionVersions"][0].items()
    assert aws.personalize.list_solutions(datasetGroupArn=group)["solutions"][0]["recipeArn"] == shops.RECIPE + "aws-popularity-count"
    assert aws.personalize.list_campaigns(solutionArn=solutions[1])["campaigns"] == []


def test_paging_while_items_come_and_go(aws):
    prefix = unique("s")
    arns = [
        aws.personalize.create_schema(name=f"{prefix}-{i}", schema=data.USERS)["schemaArn"] for i in range(6)
    ]
    for arn in arns:
        aws.undo.append(lambda arn=arn: aws.delete("schema", arn))
    first = aws.personalize.list_schemas(maxResults=2)
    aws.schema(data.USERS)  # newer than all
    aws.personalize.delete_schema(schemaArn=arns[5])  # the last one seen but one
    aws.personalize.delete_schema(schemaArn=arns[4])  # where the next page begins
    second = aws.personalize.list_schemas(maxResults=2, nextToken=first["nextToken"])
    assert [s["schemaArn"] for s in first["schemas"]] == arns[:3:-1]
    assert [s["schemaArn"] for s in second["schemas"]] == arns[3:1:-1]


LISTS = [
    "list_dataset_groups", "list_schemas", "list_datasets", "list_dataset_import_jobs",
    "list_recipes", "list_solutions", "list_solution_versions", "list_campaigns",
]  # fmt: skip


@pytest.mark.parametrize("operation", LISTS)
@pytest.mark.parametrize("token", ["nonsense", "a" * 1500, "AQAAAAAAAAAAAAAAAAAAAAAA"])
def test_bad_token(aws, operation, token):
    with refused("InvalidNextTokenException"):
        getattr(aws.personalize, operation)(nextToken=token)


def test_token_of_another_list(aws):
    for _ in range(2):
        aws.schema(data.USERS)
    token = aws.personalize.list_schemas(maxResults=1)["nextToken"]
    with refused("InvalidNextTokenException"):
        aws.personalize.list_dataset_groups(nextToken=token)


def test_filter_by_something_else(aws):
    arn = aws.arn("schema", unique())
    with refused("InvalidInputException", arn):
        aws.personalize.list_datasets(datasetGroupArn=arn)
    with refused("InvalidInputException", arn):
        aws.personalize.list_dataset_import_jobs(datasetArn=arn)


def test_filter_by_what_does_not_exist(aws):
    assert aws.personalize.list_datasets(datasetGroupArn=aws.arn("dataset-group", unique()))["datasets"] == []
    arn = aws.arn("dataset", unique() + "/ITEMS")
    assert aws.personalize.list_dataset_import_jobs(datasetArn=arn)["datasetImportJobs"] == []
