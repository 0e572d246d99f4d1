"""Datasets: types and domains, replacing the schema, refusals, deletion."""

import pytest

import data
from account import provoke, refused, unique


def create(aws, group, schema, kind="Interactions", **more):
    return aws.personalize.create_dataset(
        name=unique("dataset"), datasetType=kind, datasetGroupArn=group, schemaArn=schema, **more
    )["datasetArn"]


def test_one_of_each_type(aws):
    dataset = aws.dataset()
    described = aws.describe("dataset", dataset)
    with refused("ResourceAlreadyExistsException", f"Another resource with Arn {dataset} already exists."):
        create(aws, described["datasetGroupArn"], described["schemaArn"])


def test_unknown_parents(aws):
    group, schema = aws.group(), aws.schema(data.INTERACTIONS)
    nowhere = aws.arn("dataset-group", unique())
    with refused("ResourceNotFoundException", nowhere):
        create(aws, nowhere, schema)
    nowhere = aws.arn("schema", unique())
    with refused("ResourceNotFoundException", nowhere):
        create(aws, group, nowhere)


def test_schema_of_another_type(aws):
    group, schema = aws.group(), aws.schema(data.USERS)
    with refused("InvalidInputException"):
        create(aws, group, schema, "Interactions")


def test_unknown_type(aws):
    group, schema = aws.group(), aws.schema(data.INTERACTIONS)
    with refused("InvalidInputException", "Purchases"):
        create(aws, group, schema, "Purchases")


def test_domains_must_agree(aws):
    custom, shop = aws.group(), aws.group("ECOMMERCE")
    plain, domain = aws.schema(data.INTERACTIONS), aws.schema(data.INTERACTIONS, "ECOMMERCE")
    with refused("InvalidInputException"):
        create(aws, shop, plain)
    with refused("InvalidInputException"):
        create(aws, custom, domain)
    dataset = aws.dataset(group=shop, schema=domain)
    aws.imported(dataset, aws.put(data.interactions(20)))


def test_domain_groups_have_no_actions(aws):
    group = aws.group("VIDEO_ON_DEMAND")
    with refused("InvalidInputException"):
        create(aws, group, aws.schema(data.ACTIONS), "Actions")


def test_too_many_tags(aws):
    group, schema = aws.group(), aws.schema(data.INTERACTIONS)
    with refused("TooManyTagsException"):
        create(aws, group, schema, tags=[{"tagKey": f"k{i}", "tagValue": "v"} for i in range(51)])


def test_group_not_active(aws):
    schema = aws.schema(data.INTERACTIONS)

    def attempt():
        group = aws.group(wait=False)
        aws.dataset(group=group, schema=schema)

    provoke("ResourceInUseException", attempt)


def test_unknown(aws):
    arn = aws.arn("dataset", unique() + "/ITEMS")
    with refused("ResourceNotFoundException", arn):
        aws.personalize.describe_dataset(datasetArn=arn)
    with refused("ResourceNotFoundException", arn):
        aws.personalize.delete_dataset(datasetArn=arn)
    with refused("ResourceNotFoundException", arn):
        aws.personalize.update_dataset(datasetArn=arn, schemaArn=aws.schema(data.ITEMS))


def test_arn_of_something_else(aws):
    arn = aws.arn("schema", unique())
    for call in (aws.personalize.describe_dataset, aws.personalize.delete_dataset):
        with refused("InvalidInputException", arn):
            call(datasetArn=arn)


class TestUpdate:
    def test_interactions(self, aws):
        dataset = aws.dataset()
        with refused("InvalidInputException"):
            aws.personalize.update_dataset(datasetArn=dataset, schemaArn=aws.schema(data.INTERACTIONS))

    def test_unknown_schema(self, aws):
        dataset, nowhere = aws.dataset("ITEMS"), aws.arn("schema", unique())
        with refused("ResourceNotFoundException", nowhere):
            aws.personalize.update_dataset(datasetArn=dataset, schemaArn=nowhere)

    @pytest.mark.parametrize(
        "fields, name",
        [
            (["GENRES string null categorical"], "PRICE"),
            (["GENRES string null categorical", "PRICE long null"], "PRICE"),
            (["GENRES string null", "PRICE float null"], "GENRES"),
            (["GENRES string null categorical", "PRICE float null", "COLOUR string categorical"], "COLOUR"),
        ],
        ids=["field gone", "other type", "other attribute", "new field not nullable"],
    )
    def test_refused_schema(self, aws, fields, name):
        dataset = aws.dataset("ITEMS")
        schema = aws.schema(data.schema("Items", "ITEM_ID string", *fields))
        with refused("InvalidInputException", name):
            aws.personalize.update_dataset(datasetArn=dataset, schemaArn=schema)

    def test_not_active(self, aws):
        group, narrow, wide = aws.group(), aws.schema(data.ITEMS), aws.schema(data.ITEMS_WIDER)

        def attempt():
            dataset = aws.dataset("ITEMS", group, narrow, wait=False)
            try:
                aws.personalize.update_dataset(datasetArn=dataset, schemaArn=wide)
            finally:
                aws.delete("dataset", dataset)

        provoke("ResourceInUseException", attempt)


class TestDelete:
    def test_group_in_use(self, aws):
        dataset = aws.dataset()
        group = aws.describe("dataset", dataset)["datasetGroupArn"]
        with refused("ResourceInUseException", dataset):
            aws.personalize.delete_dataset_group(datasetGroupArn=group)

    def test_while_importing(self, aws):
        dataset, location = aws.dataset(), aws.put(data.interactions(20_000))

        def attempt():
            job = aws.start_import(dataset, location)
            try:
                aws.personalize.delete_dataset(datasetArn=dataset)
            finally:
                aws.settle("dataset_import_job", job)

        provoke("ResourceInUseException", attempt)
        assert aws.describe("dataset", dataset)["status"] == "ACTIVE"

    def test_type_is_free_again(self, aws):
        """A new dataset in the place of a deleted one begins empty."""
        dataset = aws.dataset()
        described = aws.describe("dataset", dataset)
        aws.imported(dataset, aws.put(data.interactions(20)))
        aws.personalize.delete_dataset(datasetArn=dataset)
        aws.gone("dataset", dataset)
        again = aws.dataset(group=described["datasetGroupArn"], schema=described["schemaArn"])
        assert again == dataset
        with refused("InvalidInputException"):  # it has had no import of its own
            aws.start_import(again, aws.put(data.interactions(20)), importMode="INCREMENTAL")
