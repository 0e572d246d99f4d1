"""Dataset groups: names, domains, refusals, deletion."""

import pytest

from account import provoke, refused, unique


def test_twice(aws):
    name = unique("group")
    arn = aws.personalize.create_dataset_group(name=name)["datasetGroupArn"]
    aws.undo.append(lambda: aws.delete("dataset_group", arn))
    with refused("ResourceAlreadyExistsException", f"Another resource with Arn {arn} already exists."):
        aws.personalize.create_dataset_group(name=name)


@pytest.mark.parametrize("domain", ["ECOMMERCE", "VIDEO_ON_DEMAND"])
def test_domain(aws, domain):
    name = unique("group")
    created = aws.personalize.create_dataset_group(name=name, domain=domain)
    arn = created["datasetGroupArn"]
    aws.undo.append(lambda: aws.delete("dataset_group", arn))
    assert created["domain"] == domain
    assert aws.settle("dataset_group", arn)["domain"] == domain
    (listed,) = [g for g in aws.personalize.list_dataset_groups()["datasetGroups"] if g["datasetGroupArn"] == arn]
    assert listed["domain"] == domain


def test_role_without_key(aws):
    with refused("InvalidInputException", "kmsKeyArn"):
        aws.personalize.create_dataset_group(name=unique(), roleArn=aws.role)


def test_key_and_role_are_shown(aws):
    key = f"arn:aws:kms:{aws.region}:{aws.id}:key/{unique()}"
    group = aws.group(roleArn=aws.role, kmsKeyArn=key)
    described = aws.describe("dataset_group", group)
    assert described["roleArn"] == aws.role and described["kmsKeyArn"] == key


def test_too_many_tags(aws):
    tags = [{"tagKey": f"k{i}", "tagValue": "v"} for i in range(51)]
    with refused("TooManyTagsException"):
        aws.personalize.create_dataset_group(name=unique(), tags=tags)
    aws.group(tags=tags[:50])


def test_unknown(aws):
    arn = aws.arn("dataset-group", unique())
    for call in (aws.personalize.describe_dataset_group, aws.personalize.delete_dataset_group):
        with refused("ResourceNotFoundException", arn):
            call(datasetGroupArn=arn)


def test_arn_of_something_else(aws):
    arn = aws.arn("schema", unique())
    for call in (aws.personalize.describe_dataset_group, aws.personalize.delete_dataset_group):
        with refused("InvalidInputException", arn):
            call(datasetGroupArn=arn)


def test_delete_while_being_deleted(aws):
    def attempt():
        group = aws.group()
        aws.personalize.delete_dataset_group(datasetGroupArn=group)
        aws.personalize.delete_dataset_group(datasetGroupArn=group)

    provoke("ResourceInUseException", attempt)


def test_name_is_free_again(aws):
    """After deletion the name can be taken by another group."""
    name = unique("group")
    for _ in range(2):
        arn = aws.personalize.create_dataset_group(name=name)["datasetGroupArn"]
        aws.settle("dataset_group", arn)
        aws.personalize.delete_dataset_group(datasetGroupArn=arn)
        aws.gone("dataset_group", arn)
