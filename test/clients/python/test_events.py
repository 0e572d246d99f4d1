"""Event trackers, and records that come in one by one."""

import json
import re
import time

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

import data
from account import provoke, refused, unique
from extension import content

NOW = 1_704_067_200


def event(item="i1", at=NOW, **more):
    return {"eventType": "watch", "itemId": item, "sentAt": at} | more


def put(aws, tracking, *events, session="s1", user="u1"):
    who = {"userId": user} if user else {}
    return aws.events.put_events(trackingId=tracking, sessionId=session, eventList=list(events), **who)


def rows(dataset):
    """How many rows the dataset has of those that came in one by one."""
    return content(dataset)["rows"]["put"]


def test_tracker(aws):
    group = aws.group()
    with refused("InvalidInputException", "no Interactions dataset"):
        aws.personalize.create_event_tracker(name=unique(), datasetGroupArn=group)
    dataset = aws.dataset(group=group)
    name = unique("tracker")
    arn, tracking = aws.tracker(group, name=name, tags=[{"tagKey": "k", "tagValue": "v"}])
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", tracking)
    assert re.fullmatch(re.escape(aws.arn("event-tracker", "")) + "[0-9a-f]{8}", arn)
    described = aws.describe("event_tracker", arn)
    assert described.pop("creationDateTime") <= described.pop("lastUpdatedDateTime")
    assert described == {
        "name": name, "eventTrackerArn": arn, "accountId": aws.id, "trackingId": tracking,
        "datasetGroupArn": group, "status": "ACTIVE",
    }  # fmt: skip
    (listed,) = aws.personalize.list_event_trackers(datasetGroupArn=group)["eventTrackers"]
    assert set(listed) == {"name", "eventTrackerArn", "status", "creationDateTime", "lastUpdatedDateTime"}
    assert aws.personalize.list_tags_for_resource(resourceArn=arn)["tags"] == [{"tagKey": "k", "tagValue": "v"}]
    with refused("ResourceAlreadyExistsException", f"Another resource with Arn {arn} already exists."):
        aws.personalize.create_event_tracker(name=unique(), datasetGroupArn=group)
    for call, argument in (
        (aws.personalize.delete_dataset, {"datasetArn": dataset}),
        (aws.personalize.delete_dataset_group, {"datasetGroupArn": group}),
    ):
        with refused("ResourceInUseException", arn):
            call(**argument)
    put(aws, tracking, event())
    aws.personalize.delete_event_tracker(eventTrackerArn=arn)
    aws.gone("event_tracker", arn)
    assert rows(dataset) == 1
    with refused("InvalidInputException", tracking):
        put(aws, tracking, event())
    aws.tracker(group)  # another one may follow


def test_tracker_exceptions(aws):
    group = aws.group()
    for call in (aws.personalize.describe_event_tracker, aws.personalize.delete_event_tracker):
        with refused("ResourceNotFoundException"):
            call(eventTrackerArn=aws.arn("event-tracker", "00000000"))
        with refused("InvalidInputException", "not that of an event tracker"):
            call(eventTrackerArn=group)
    with refused("ResourceNotFoundException"):
        aws.personalize.create_event_tracker(name="t", datasetGroupArn=aws.arn("dataset-group", "none"))
    with refused("TooManyTagsException"):
        tags = [{"tagKey": f"k{i}", "tagValue": ""} for i in range(51)]
        aws.personalize.create_event_tracker(name="t", datasetGroupArn=group, tags=tags)
    with refused("InvalidNextTokenException"):
        aws.personalize.list_event_trackers(nextToken="nonsense")
    with refused("InvalidInputException"):
        aws.personalize.list_event_trackers(datasetGroupArn=aws.arn("schema", "s"))
    aws.dataset(group=group)

    def delete_early():
        arn = aws.tracker(group, wait=False)[0]
        try:
            aws.personalize.delete_event_tracker(eventTrackerArn=arn)
            aws.personalize.delete_event_tracker(eventTrackerArn=arn)
        finally:
            aws.delete("event_tracker", arn)

    provoke("ResourceInUseException", delete_early)

    # In a group that is not ACTIVE yet.
    for _ in range(100):
        try:
            aws.personalize.create_event_tracker(name="t", datasetGroupArn=aws.group(wait=False))
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceInUseException":
                return
            assert error.response["Error"]["Code"] == "InvalidInputException", error
    raise AssertionError("100 attempts and no ResourceInUseException")


def test_events(aws):
    dataset = aws.dataset()
    tracking = aws.tracker(dataset=dataset)[1]
    answer = put(
        aws,
        tracking,
        event(eventValue=2.5, recommendationId="RID-1", impression=["i1", "i2"], eventId="e1",
              metricAttribution={"eventAttributionSource": "mail"}),
        event("i2", properties=json.dumps({"eventValue": "4", "unknown": 1})),
        {"eventType": "watch", "sentAt": NOW, "properties": json.dumps({"itemId": "i3"})},
    )  # fmt: skip
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert set(answer) == {"ResponseMetadata"}
    put(aws, tracking, event("i4"), user=None, session="null")
    put(aws, tracking, event("i5", eventId="e1"))  # the ID came before
    assert rows(dataset) == 4
    for _ in range(3):
        put(aws, tracking, *(event(f"i{n}", at=NOW + n) for n in range(10)))
    assert rows(dataset) == 34
    aws.imported(dataset, aws.put(data.interactions(1000)))  # FULL leaves them
    assert rows(dataset) == 34


@pytest.mark.parametrize(
    "change, texts",
    [
        ({"properties": "{"}, ["Error parsing properties json", "eventList.2.member.properties"]),
        ({"properties": '{"eventValue":"much"}'}, ["Error parsing properties json", '"eventValue"', "float", "much"]),
        ({"properties": '{"timestamp":1}'}, ["Error parsing properties json", '"timestamp"']),
        ({"sentAt": -1}, ["eventList.2.member.sentAt", "TIMESTAMP"]),
        ({"itemId": "ITEM_ID"}, ["eventList.2.member.itemId", "reserved keyword"]),
    ],
)
def test_bad_event(aws, change, texts):
    dataset = aws.dataset()
    tracking = aws.tracker(dataset=dataset)[1]
    with refused("InvalidInputException", *texts):
        put(aws, tracking, event(), event() | change)
    assert rows(dataset) == 0


def test_event_validation(aws):
    with refused("InvalidInputException", "tracking ID none"):
        put(aws, "none", event())
    with refused("ValidationException", "eventList", "less than or equal to 10"):
        put(aws, "none", *[event()] * 11)
    with refused("ValidationException", "sessionId"):
        put(aws, "none", event(), session="s" * 257)


def test_records(aws):
    group = aws.group()
    kinds = {
        "ITEMS": (aws.events.put_items, "items", "itemId", {"genres": "Drama|Comedy", "price": "9.5"}, {"price": "dear"}),
        "USERS": (aws.events.put_users, "users", "userId", {"age": 30}, {"age": 1.5}),
        "ACTIONS": (aws.events.put_actions, "actions", "actionId", {"kind": "mail"}, {"kind": ["mail"]}),
    }
    for kind, (call, member, key, good, bad) in kinds.items():
        dataset = aws.dataset(kind, group=group)
        call(datasetArn=dataset, **{member: [{key: "a", "properties": json.dumps(good)}, {key: "b"}]})
        call(datasetArn=dataset, **{member: [{key: "a"}]})
        assert rows(dataset) == 3
        with refused("InvalidInputException", f"{member}.1.member.properties", "Error parsing properties json"):
            call(datasetArn=dataset, **{member: [{key: "c", "properties": json.dumps(bad)}]})
        with refused("InvalidInputException", "not that of a dataset of type " + kind):
            call(datasetArn=group, **{member: [{key: "c"}]})
        with refused("ResourceNotFoundException", status=404):
            call(datasetArn=aws.arn("dataset", "none/" + kind), **{member: [{key: "c"}]})
        assert rows(dataset) == 3

        def put_while_deleting():
            aws.personalize.delete_dataset(datasetArn=dataset)
            try:
                call(datasetArn=dataset, **{member: [{key: "c"}]})
            finally:
                aws.delete("dataset", dataset)
                aws.dataset(kind, group=group)

        provoke("ResourceInUseException", put_while_deleting)


def test_action_interactions(aws):
    group = aws.group()
    dataset = aws.dataset("ACTION_INTERACTIONS", group=group)

    def put_action(kind, tracking):
        one = {"actionId": "a", "userId": "u", "sessionId": "s", "timestamp": NOW, "eventType": kind}
        aws.events.put_action_interactions(trackingId=tracking, actionInteractions=[one])

    tracking = aws.describe("dataset", dataset)["trackingId"]
    for kind in ("Viewed", "TAKEN", "NOT_TAKEN", "Not taken"):
        put_action(kind, tracking)
    assert rows(dataset) == 4
    with refused("InvalidInputException", "Viewed, Taken or Not Taken"):
        put_action("click", tracking)
    with refused("ResourceNotFoundException", "none", status=404):
        put_action("Viewed", "none")

    def put_while_deleting():
        tracking = aws.describe("dataset", dataset)["trackingId"]
        aws.personalize.delete_dataset(datasetArn=dataset)
        try:
            put_action("Viewed", tracking)
        finally:
            aws.delete("dataset", dataset)
            aws.dataset("ACTION_INTERACTIONS", group=group)

    provoke("ResourceInUseException", put_while_deleting)


@pytest.mark.strict
def test_rates(aws):
    """Ten calls a second of PutUsers; the SDK's own retries get more through."""
    dataset = aws.dataset("USERS")
    one = {"datasetArn": dataset, "users": [{"userId": "u"}]}
    end = time.monotonic() + 20
    with refused("ThrottlingException", "at most 10 calls a second"):
        while time.monotonic() < end:
            aws.events.put_users(**one)
    before = rows(dataset)
    patient = boto3.client("personalize-events", config=Config(retries={"total_max_attempts": 10, "mode": "standard"}))
    for _ in range(15):
        patient.put_users(**one)
    assert rows(dataset) == before + 15
