"""Campaigns that answer for a user, and learn from events at once."""

import json
import re
import time

import pytest

import shop as shops
from account import refused, unique
from shop import CATALOGUE, genres, ids

RECIPES = ["aws-user-personalization", "aws-user-personalization-v2"]


@pytest.fixture(scope="module")
def campaigns(shop):
    """Of each recipe one that explores as little as it can be told to."""
    exploration = {"explorationWeight": "0", "explorationItemAgeCutOff": "30"}
    v1 = {"enableMetadataWithRecommendations": True, "itemExplorationConfig": exploration}
    return {recipe: shop.campaign(recipe, **(v1 if recipe == RECIPES[0] else {})) for recipe in RECIPES}


@pytest.fixture(params=RECIPES)
def ask(request, aws, campaigns):
    """GetRecommendations of one of the campaigns."""

    def get(user, **more):
        return aws.runtime.get_recommendations(campaignArn=campaigns[request.param], userId=user, **more)

    get.recipe = request.param
    return get


def test_config(aws, campaigns):
    config = aws.describe("campaign", campaigns[RECIPES[0]])["campaignConfig"]
    assert config["itemExplorationConfig"] == {"explorationWeight": "0", "explorationItemAgeCutOff": "30"}


def test_catalogue(ask):
    """Scores of the whole catalogue sum to 1, the best first."""
    answer = ask("u0", numResults=len(CATALOGUE) + 10)
    assert sorted(ids(answer)) == sorted(CATALOGUE)
    scores = [i["score"] for i in answer["itemList"]]
    assert sum(scores) == pytest.approx(1, abs=1e-5)
    assert scores == sorted(scores, reverse=True)
    assert all("reason" not in i for i in answer["itemList"])  # the model recommends all of it
    assert re.fullmatch("RID-[0-9a-f-]{36}", answer["recommendationId"])
    assert ids(ask("u0", itemId="b4", numResults=0)) == ids(answer)[:25]  # the item is not heard
    assert genres(answer)["a"] >= 8
    assert genres(ask("u1"))["b"] >= 8


def test_context(ask):
    """What the user does on this device comes first, not only a few items of it."""
    upper = {}
    for device in ("phone", "tv"):
        answer = ask("u0", context={"DEVICE": device}, numResults=10)
        upper[device] = sum(int(i[1:]) >= 10 for i in ids(answer))
    assert upper["phone"] <= 2 and upper["tv"] >= 8
    usual = ids(ask("u0"))
    assert ids(ask("u0", context={"DEVICE": "toaster", "WEATHER": "rain"})) == usual


def test_attributes_of_users(ask):
    """Users who have done nothing get what their club takes, strangers what all do."""
    assert genres(ask("quiet-a"))["a"] >= 7
    assert genres(ask("quiet-b"))["b"] >= 7
    answer = ask("stranger")
    stranger = ids(answer)
    assert len(set(stranger)) == 25 and stranger[0] == "b7"
    assert all(set(i) == {"itemId", "score"} for i in answer["itemList"])
    assert ids(ask("another stranger")) == stranger


def test_metadata(shop, ask):
    columns = {"ITEMS": ["GENRES", "PRICE", "CREATION_TIMESTAMP"]}
    for item in ask("u0", metadataColumns=columns, numResults=40)["itemList"]:
        name, metadata = item["itemId"], item["metadata"]
        assert metadata == {
            "GENRES": {"a": "Action", "b": "Ballet"}[name[0]],
            "PRICE": str(1 + int(name[1:])),
            "CREATION_TIMESTAMP": str(shop.now - 100 * 86_400),
        }
    assert all("metadata" not in i for i in ask("u0")["itemList"])


def test_event(shop, ask):
    """An event changes the very next answer of its user, and of nobody else."""
    user, others = unique("user"), ("u2", "stranger")
    before, of_others = ids(ask(user)), [ids(ask(u)) for u in others]
    shop.put("b3", user=user)
    after = ask(user)
    assert ids(after) != before and genres(after)["b"] >= 8
    assert [ids(ask(u)) for u in others] == of_others
    # Against a history of the training, more than one.
    known = {"aws-user-personalization": "u40", "aws-user-personalization-v2": "u42"}[ask.recipe]
    assert genres(ask(known))["a"] >= 8
    shop.put("b1", "b2", "b3", "b4", "b5", "b6", "b8", "b9", user=known, session=unique())
    assert genres(ask(known))["b"] >= 5
    assert [ids(ask(u)) for u in others] == of_others


def test_session(shop, ask):
    """Events of a session without a user count when asked with the session's ID,
    and for the user whom the session joins."""
    session, user = unique("session"), unique("user")
    shop.put("a1", "a2", session=session)
    assert genres(ask(session))["a"] >= 8
    assert ids(ask(user)) == ids(ask("stranger"))
    shop.put("a5", session=session, user=user)
    assert genres(ask(user))["a"] >= 8


def test_impressions(shop, ask):
    """Events may say what was shown, by list or by the answer's ID."""
    user = unique("user")
    answer = ask(user)
    shop.put(ids(answer)[0], user=user, recommendationId=answer["recommendationId"])
    shop.put(ids(answer)[1], user=user, impression=ids(answer)[:5])
    assert len(set(ids(ask(user)))) == 25


def test_refusals(aws, shop, campaigns):
    v1, v2 = (campaigns[recipe] for recipe in RECIPES)
    get, rank = aws.runtime.get_recommendations, aws.runtime.get_personalized_ranking
    with refused("InvalidInputException", "userId is missing"):
        get(campaignArn=v2)
    with refused("InvalidInputException", "at most 500"):
        get(campaignArn=v1, userId="u0", numResults=501)
    with refused("InvalidInputException", "at most 50"):
        get(campaignArn=v1, userId="u0", numResults=51, metadataColumns={"ITEMS": ["PRICE"]})
    with refused("InvalidInputException", '"COLOUR"'):
        get(campaignArn=v1, userId="u0", metadataColumns={"ITEMS": ["COLOUR"]})
    with refused("InvalidInputException", "ITEMS"):
        get(campaignArn=v1, userId="u0", metadataColumns={"USERS": ["CLUB"]})
    plain = shop.campaign(RECIPES[0])
    with refused("InvalidInputException", "enableMetadataWithRecommendations"):
        get(campaignArn=plain, userId="u0", metadataColumns={"ITEMS": ["PRICE"]})
    with refused("InvalidInputException", "GetRecommendations"):
        rank(campaignArn=v1, userId="u0", inputList=["a1"])


def test_explored_after_update(aws):
    """Put items are candidates of exploration after a training with UPDATE, which
    only recipes that explore have, and only where there is something new."""
    own = shops.Shop(aws)
    v1 = shops.solution(aws, own.group, "aws-user-personalization", performAutoTraining=False)
    with refused("InvalidInputException", "no ACTIVE version"):
        aws.personalize.create_solution_version(solutionArn=v1, trainingMode="UPDATE")
    first = shops.version(aws, v1)
    with refused("InvalidInputException", "updates to at least one dataset"):
        aws.personalize.create_solution_version(solutionArn=v1, trainingMode="UPDATE")
    with refused("InvalidInputException", "aws-user-personalization only"):
        aws.personalize.create_solution_version(solutionArn=shops.solution(aws, own.group), trainingMode="UPDATE")
    properties = json.dumps({"genres": "Action", "price": 5, "creationTimestamp": int(time.time())})
    aws.events.put_items(datasetArn=own.items, items=[{"itemId": f"new{n}", "properties": properties} for n in range(3)])
    exploring = {"itemExplorationConfig": {"explorationWeight": "1", "explorationItemAgeCutOff": "30"}}
    campaign = shops.campaign(aws, first, campaignConfig=exploring)

    def found():
        return {i for i in ids(aws.runtime.get_recommendations(campaignArn=campaign, userId="u0", numResults=20)) if i[0] == "n"}

    assert not found()
    second = shops.version(aws, v1, trainingMode="UPDATE")
    described = aws.describe("solution_version", second)
    assert described["trainingMode"] == "UPDATE"
    assert (
        aws.personalize.get_solution_metrics(solutionVersionArn=second)["metrics"]
        == aws.personalize.get_solution_metrics(solutionVersionArn=first)["metrics"]
    )
    aws.personalize.update_campaign(campaignArn=campaign, solutionVersionArn=second)
    assert shops.updated(aws, "campaign", campaign, "latestCampaignUpdate")["solutionVersionArn"] == second
    assert set.union(*(found() for _ in range(10))) == {"new0", "new1", "new2"}
