"""Tags: the limit, what may carry them, keys."""

import pytest

import data
from account import provoke, refused, unique


def tags(n, first=0):
    return [{"tagKey": f"k{i:03}", "tagValue": f"v{i}"} for i in range(first, first + n)]


def test_fifty(aws):
    group = aws.group()
    aws.personalize.tag_resource(resourceArn=group, tags=tags(50))
    with refused("TooManyTagsException", "50"):
        aws.personalize.tag_resource(resourceArn=group, tags=tags(1, first=50))
    # Writing over one that is there adds none.
    aws.personalize.tag_resource(resourceArn=group, tags=[{"tagKey": "k000", "tagValue": "new"}])
    got = {t["tagKey"]: t["tagValue"] for t in aws.personalize.list_tags_for_resource(resourceArn=group)["tags"]}
    assert len(got) == 50 and got["k000"] == "new" and got["k049"] == "v49"
    with refused("TooManyTagKeysException"):
        aws.personalize.untag_resource(resourceArn=group, tagKeys=[f"k{i:03}" for i in range(51)])
    aws.personalize.untag_resource(resourceArn=group, tagKeys=[f"k{i:03}" for i in range(50)])
    assert aws.personalize.list_tags_for_resource(resourceArn=group)["tags"] == []


def test_every_taggable_resource(aws):
    group = aws.group(tags=tags(1))
    dataset = aws.dataset(group=group, tags=tags(2))
    job = aws.imported(dataset, aws.put(data.interactions(10)), tags=tags(3))["datasetImportJobArn"]
    for arn, n in ((group, 1), (dataset, 2), (job, 3)):
        assert aws.personalize.list_tags_for_resource(resourceArn=arn)["tags"] == tags(n)
        aws.personalize.tag_resource(resourceArn=arn, tags=[{"tagKey": "Ключ ä:/=+-@", "tagValue": "wert_1"}])
        aws.personalize.untag_resource(resourceArn=arn, tagKeys=["k000", "K001"])  # case matters
        assert len(aws.personalize.list_tags_for_resource(resourceArn=arn)["tags"]) == n


def test_schemas_have_no_tags(aws):
    schema = aws.schema(data.USERS)
    with refused("InvalidInputException"):
        aws.personalize.tag_resource(resourceArn=schema, tags=tags(1))
    with refused("InvalidInputException"):
        aws.personalize.untag_resource(resourceArn=schema, tagKeys=["a"])
    with refused("InvalidInputException"):
        aws.personalize.list_tags_for_resource(resourceArn=schema)


def test_unknown(aws):
    arn = aws.arn("dataset-group", unique())
    with refused("ResourceNotFoundException", arn):
        aws.personalize.tag_resource(resourceArn=arn, tags=tags(1))
    with refused("ResourceNotFoundException", arn):
        aws.personalize.untag_resource(resourceArn=arn, tagKeys=["a"])
    with refused("ResourceNotFoundException", arn):
        aws.personalize.list_tags_for_resource(resourceArn=arn)


def test_keys(aws):
    group = aws.group()
    with refused("InvalidInputException", "aws:"):
        aws.personalize.tag_resource(resourceArn=group, tags=[{"tagKey": "aws:mine", "tagValue": "v"}])
    with refused("InvalidInputException"):
        aws.personalize.tag_resource(resourceArn=group, tags=tags(1) + tags(1))
    assert aws.personalize.list_tags_for_resource(resourceArn=group)["tags"] == []


@pytest.mark.parametrize(
    "call",
    [
        lambda p, arn: p.tag_resource(resourceArn=arn, tags=tags(1)),
        lambda p, arn: p.untag_resource(resourceArn=arn, tagKeys=["a"]),
        lambda p, arn: p.list_tags_for_resource(resourceArn=arn),
    ],
    ids=["tag", "untag", "list"],
)
def test_while_being_deleted(aws, call):
    def attempt():
        group = aws.group()
        aws.personalize.delete_dataset_group(datasetGroupArn=group)
        call(aws.personalize, group)

    provoke("ResourceInUseException", attempt)
