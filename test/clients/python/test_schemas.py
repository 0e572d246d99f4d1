"""Schemas: what may be created, when one may go."""

import json

import pytest

import data
from account import refused, unique


def test_twice(aws):
    name = unique("schema")
    arn = aws.personalize.create_schema(name=name, schema=data.USERS)["schemaArn"]
    aws.undo.append(lambda: aws.delete("schema", arn))
    with refused("ResourceAlreadyExistsException", f"Another resource with Arn {arn} already exists."):
        aws.personalize.create_schema(name=name, schema=data.USERS)


def test_text_comes_back_byte_for_byte(aws):
    text = "\n " + json.dumps(json.loads(data.USERS), indent=3).replace(":", " :\t") + "  \n"
    arn = aws.schema(text)
    assert aws.describe("schema", arn)["schema"] == text


def fields(*extra):
    return data.schema("Interactions", "USER_ID string", "ITEM_ID string", "TIMESTAMP long", *extra)


@pytest.mark.parametrize(
    "text, names",
    {
        "no JSON": ("{", []),
        "trailing comma": ('{"type":"record","name":"Users","fields":[],}', []),
        "no record": ('"string"', []),
        "no fields": ('{"type":"record","name":"Users"}', ["fields"]),
        "column missing": (data.schema("Interactions", "USER_ID string", "ITEM_ID string"), ["TIMESTAMP"]),
        "wrong type of a reserved column": (
            data.schema("Interactions", "USER_ID string", "ITEM_ID string", "TIMESTAMP string"),
            ["TIMESTAMP"],
        ),
        "reserved string is categorical": (fields("EVENT_TYPE string categorical"), ["EVENT_TYPE"]),
        "same letters and digits": (fields("GENRES_FIELD_1 string null", "GENRESFIELD1 string null"), ["GENRESFIELD1"]),
        "six metadata columns": (fields(*(f"M{i} string null" for i in range(6))), ["5"]),
        "items without metadata": (data.schema("Items", "ITEM_ID string", "CREATION_TIMESTAMP long"), []),
        "users without metadata": (data.schema("Users", "USER_ID string"), []),
        "two textual columns": (
            data.schema("Items", "ITEM_ID string", "A string null textual", "B string null textual"),
            ["textual"],
        ),
        "textual outside items": (data.schema("Users", "USER_ID string", "A string null textual"), ["textual"]),
        "nested": (
            json.dumps(
                {
                    "type": "record",
                    "name": "Users",
                    "fields": [
                        {"name": "USER_ID", "type": "string"},
                        {"name": "LIST", "type": {"type": "array", "items": "string"}},
                    ],
                }
            ),
            ["LIST"],
        ),
    }.values(),
)
def test_refused_text(aws, text, names):
    with refused("InvalidInputException", *names):
        aws.personalize.create_schema(name=unique(), schema=text)


def test_in_use(aws):
    schema = aws.schema(data.INTERACTIONS)
    dataset = aws.dataset(schema=schema)
    with refused("ResourceInUseException", dataset):
        aws.personalize.delete_schema(schemaArn=schema)


def test_unknown(aws):
    arn = aws.arn("schema", unique())
    for call in (aws.personalize.describe_schema, aws.personalize.delete_schema):
        with refused("ResourceNotFoundException", arn):
            call(schemaArn=arn)


def test_arn_of_something_else(aws):
    arn = aws.arn("dataset-group", unique())
    for call in (aws.personalize.describe_schema, aws.personalize.delete_schema):
        with refused("InvalidInputException", arn):
            call(schemaArn=arn)


@pytest.mark.parametrize("domain, category", [("ECOMMERCE", "CATEGORY_L1"), ("VIDEO_ON_DEMAND", "GENRES")])
def test_domain_schema(aws, domain, category):
    """A domain asks for columns of its own."""
    extra = "PRICE float" if domain == "ECOMMERCE" else "CREATION_TIMESTAMP long"
    good = data.schema("Items", "ITEM_ID string", extra, f"{category} string categorical")
    arn = aws.schema(good, domain)
    assert aws.describe("schema", arn)["domain"] == domain
    with refused("InvalidInputException", category):
        aws.personalize.create_schema(
            name=unique(), domain=domain, schema=data.schema("Items", "ITEM_ID string", extra, "OTHER string null categorical")
        )
