"""Lists that are ordered for a user."""

import pytest

from account import refused, unique
from shop import CATALOGUE, ids

LIST = ["a1", "b1", "none", "a2", "b2", "a12", "b12"]


@pytest.fixture(scope="module", params=["aws-personalized-ranking-v2", "aws-personalized-ranking"])
def campaign(request, shop):
    old = {} if request.param.endswith("-v2") else {"enableMetadataWithRecommendations": True}
    return shop.campaign(request.param, **old)


@pytest.fixture
def rank(aws, campaign):
    def ask(user, items=LIST, **more):
        return aws.runtime.get_personalized_ranking(campaignArn=campaign, userId=user, inputList=items, **more)

    return ask


def test_list(rank):
    """The list is ordered by scores that sum to 1; unknown items follow without."""
    for user, genre in (("u0", "a"), ("u1", "b")):
        answer = rank(user)
        *known, unknown = answer["personalizedRanking"]
        assert sorted(ids(answer)) == sorted(LIST)
        assert unknown == {"itemId": "none"}
        assert {i["itemId"][0] for i in known[:3]} == {genre}
        scores = [i["score"] for i in known]
        assert scores == sorted(scores, reverse=True)
        assert sum(scores) == pytest.approx(1, abs=1e-5)
        assert answer["recommendationId"].startswith("RID-")
    assert rank("u0", ["none", "no"])["personalizedRanking"] == [{"itemId": "none"}, {"itemId": "no"}]
    assert len(ids(rank("u0", CATALOGUE))) == len(CATALOGUE)


def test_context_and_users(rank):
    assert ids(rank("u0", ["a1", "a12"], context={"DEVICE": "phone"})) == ["a1", "a12"]
    assert ids(rank("u0", ["a1", "a12"], context={"DEVICE": "tv"})) == ["a12", "a1"]
    assert ids(rank("quiet-a"))[0][0] == "a" and ids(rank("quiet-b"))[0][0] == "b"
    assert ids(rank("stranger")) == ids(rank("another stranger"))


def test_metadata(rank):
    answer = rank("u0", ["b4", "a4", "none"], metadataColumns={"ITEMS": ["GENRES"]})
    assert [i.get("metadata") for i in answer["personalizedRanking"]] == [{"GENRES": "Action"}, {"GENRES": "Ballet"}, {}]


def test_event(shop, rank):
    user = unique("user")
    before, other = ids(rank(user)), ids(rank("stranger"))
    assert before == other
    shop.put("b9", "b8", user=user)
    assert all(i[0] == "b" for i in ids(rank(user))[:3])
    assert ids(rank("stranger")) == other


def test_refusals(aws, campaign, rank):
    with refused("InvalidInputException", "GetPersonalizedRanking"):
        aws.runtime.get_recommendations(campaignArn=campaign, userId="u0")
    with refused("InvalidInputException", "no filters yet"):
        rank("u0", filterArn=aws.arn("filter", "f"))
    with refused("InvalidInputException", "at most 50"):
        rank("u0", [f"x{n}" for n in range(51)], metadataColumns={"ITEMS": ["GENRES"]})
    with refused("InvalidInputException", "at most 500"):
        rank("u0", [f"x{n}" for n in range(501)])
