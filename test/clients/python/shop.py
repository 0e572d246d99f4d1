"""A shop with something to find in its data, and what is made of it."""

import collections
import random
import re
import time

import data
from account import unique

RECIPE = "arn:aws:personalize:::recipe/"

INTERACTIONS = data.schema(
    "Interactions", "USER_ID string", "ITEM_ID string", "EVENT_TYPE string", "DEVICE string null categorical", "TIMESTAMP long",
)  # fmt: skip
ITEMS = data.schema("Items", "ITEM_ID string", "GENRES string categorical", "PRICE float", "CREATION_TIMESTAMP long")
USERS = data.schema("Users", "USER_ID string", "CLUB string categorical")

CATALOGUE = [f"{genre}{n}" for genre in "ab" for n in range(20)]


def event_type(item):
    return ("View", "Buy")[int(item[1:]) % 2]


def interactions(now, users=200, each=14):
    """u0, u2, ... take items of a0 to a19 and u1, u3, ... of b0 to b19, the first
    ten on a phone and the others on a tv; odd ones they buy, even ones they view.
    All of it is old, but that a3 was taken an hour ago and b7, by many, just now."""
    r, rows = random.Random(1), []
    for u in range(users):
        for step in range(each):
            n = r.randrange(20)
            rows.append((f"u{u}", f"{'ab'[u % 2]}{n}", now - 90 * 86_400 + u * 1000 + step * 10))
    rows.append(("u0", "a3", now - 3600))
    rows.extend((f"u{u}", "b7", now - 60) for u in range(1, 20, 2))
    lines = ["USER_ID,ITEM_ID,EVENT_TYPE,DEVICE,TIMESTAMP"]
    for user, item, at in rows:
        lines.append(f"{user},{item},{event_type(item)},{('phone', 'tv')[int(item[1:]) >= 10]},{at}")
    return "\n".join(lines) + "\n"


def items(now, more=()):
    rows = (f"{i},{'Action' if i[0] == 'a' else 'Ballet'},{1 + int(i[1:])},{now - 100 * 86_400}\n" for i in [*CATALOGUE, *more])
    return "ITEM_ID,GENRES,PRICE,CREATION_TIMESTAMP\n" + "".join(rows)


def members(users=200):
    """Most of u0, u2, ... are of one club and most others of another. Two members
    have never taken anything."""
    clubs = [("north", "south")[(u + (u % 10 >= 8)) % 2] for u in range(users)]
    rows = [f"u{u},{club}\n" for u, club in enumerate(clubs)] + ["quiet-a,north\n", "quiet-b,south\n"]
    return "USER_ID,CLUB\n" + "".join(rows)


def ids(answer):
    """The items of an answer, in its order."""
    return [i["itemId"] for i in answer.get("itemList", answer.get("personalizedRanking"))]


def genres(answer, first=10):
    """How many of the first items are of each genre."""
    return collections.Counter(i[0] for i in ids(answer)[:first])


def solution(aws, group, recipe="aws-popularity-count", **more):
    if recipe:  # else one is to be chosen
        more["recipeArn"] = RECIPE + recipe
    made = aws.personalize.create_solution(name=unique("solution"), datasetGroupArn=group, **more)
    arn = made["solutionArn"]
    aws.undo.append(lambda: aws.delete("solution", arn))
    assert aws.settle("solution", arn)["status"] == "ACTIVE"
    return arn


def version(aws, solution_arn, **more):
    arn = aws.personalize.create_solution_version(solutionArn=solution_arn, **more)["solutionVersionArn"]
    assert re.fullmatch(re.escape(solution_arn) + "/[0-9a-f]{8}", arn)
    settled = aws.settle("solution_version", arn)
    assert settled["status"] == "ACTIVE", settled
    return arn


def campaign(aws, version_arn, **more):
    made = aws.personalize.create_campaign(name=unique("campaign"), solutionVersionArn=version_arn, **more)
    arn = made["campaignArn"]
    aws.undo.append(lambda: aws.delete("campaign", arn))
    settled = aws.settle("campaign", arn)
    assert settled["status"] == "ACTIVE", settled
    return arn


def updated(aws, kind, arn, latest):
    """Polls until the newest update of a solution or campaign is ACTIVE."""
    for described in aws.poll(kind, arn):
        if described.get(latest, {}).get("status") == "ACTIVE":
            return described


class Shop:
    """The shop's dataset group with its data, an event tracker, and a version of
    each recipe that is asked for, trained once. Tests that change the data make
    users of their own, or a shop of their own."""

    def __init__(self, aws):
        self.aws, self.now = aws, int(time.time())
        self.group = aws.group()
        self.interactions = aws.dataset("INTERACTIONS", self.group, aws.schema(INTERACTIONS))
        self.items = aws.dataset("ITEMS", self.group, aws.schema(ITEMS))
        self.users = aws.dataset("USERS", self.group, aws.schema(USERS))
        for dataset, rows in (
            (self.interactions, interactions(self.now)), (self.items, items(self.now)), (self.users, members()),
        ):  # fmt: skip
            aws.imported(dataset, aws.put(rows))
        self.tracking = aws.tracker(self.group)[1]
        self.versions = {}

    def version(self, recipe):
        if recipe not in self.versions:
            self.versions[recipe] = version(self.aws, solution(self.aws, self.group, recipe, performAutoTraining=False))
        return self.versions[recipe]

    def campaign(self, recipe, **config):
        """A campaign of the recipe's version, with a campaignConfig."""
        return campaign(self.aws, self.version(recipe), campaignConfig=config)

    def put(self, *item_ids, user=None, session="s", **more):
        """Sends one event for each item, of now and of the type that it has in the
        data."""
        who = {"userId": user} if user else {}
        events = [{"eventType": event_type(i), "itemId": i, "sentAt": int(time.time())} | more for i in item_ids]
        self.aws.events.put_events(trackingId=self.tracking, sessionId=session, eventList=events, **who)
