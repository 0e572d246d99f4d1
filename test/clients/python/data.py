"""Schemas and rows that the tests share."""

import json


def schema(name, *fields):
    """Avro JSON of a record. A field is "NAME type", and attributes after it:
    "GENRES string null categorical" may be null and is categorical."""
    out = []
    for field in fields:
        name_, kind, *attributes = field.split()
        entry = {"name": name_, "type": ["null", kind] if "null" in attributes else kind}
        entry |= {a: True for a in attributes if a != "null"}
        out.append(entry)
    return json.dumps(
        {
            "type": "record",
            "name": name,
            "namespace": "com.amazonaws.personalize.schema",
            "fields": out,
            "version": "1.0",
        }
    )


INTERACTIONS = schema(
    "Interactions",
    "USER_ID string",
    "ITEM_ID string",
    "EVENT_TYPE string",
    "EVENT_VALUE float null",
    "TIMESTAMP long",
)
ATTRIBUTED = schema(
    "Interactions", "USER_ID string", "ITEM_ID string", "EVENT_TYPE string", "EVENT_VALUE float null", "TIMESTAMP long",
    "EVENT_ATTRIBUTION_SOURCE string null",
)  # fmt: skip
ITEMS = schema("Items", "ITEM_ID string", "GENRES string null categorical", "PRICE float null")
ITEMS_WIDER = schema(
    "Items", "ITEM_ID string", "GENRES string null categorical", "PRICE float null", "COLOUR string null categorical"
)
USERS = schema("Users", "USER_ID string", "AGE long null")
ACTIONS = schema("Actions", "ACTION_ID string", "KIND string null categorical")
ACTION_INTERACTIONS = schema(
    "ActionInteractions", "USER_ID string", "ACTION_ID string", "EVENT_TYPE string", "TIMESTAMP long"
)

BY_TYPE = {
    "INTERACTIONS": INTERACTIONS,
    "ITEMS": ITEMS,
    "USERS": USERS,
    "ACTIONS": ACTIONS,
    "ACTION_INTERACTIONS": ACTION_INTERACTIONS,
}

HEADER = "USER_ID,ITEM_ID,EVENT_TYPE,EVENT_VALUE,TIMESTAMP\n"
ATTRIBUTED_HEADER = "USER_ID,ITEM_ID,EVENT_TYPE,EVENT_VALUE,TIMESTAMP,EVENT_ATTRIBUTION_SOURCE\n"


def interactions(n, first=0):
    """A CSV of n rows, no two alike; another `first` makes other rows."""
    rows = (f"u{i % 97},i{i % 53},watch,{i % 10 / 10},{1_700_000_000 + i}\n" for i in range(first, first + n))
    return HEADER + "".join(rows)


def items(n, first=0, price=1.5):
    rows = (f"i{i},Drama|Comedy,{price}\n" for i in range(first, first + n))
    return "ITEM_ID,GENRES,PRICE\n" + "".join(rows)
