"""Recipes that need no user: items like an item, trends."""

import pytest

import shop as shops
from account import refused
from shop import genres, ids


@pytest.mark.parametrize("recipe", ["aws-similar-items", "aws-sims"])
def test_related(aws, shop, recipe):
    campaign = shop.campaign(recipe)

    def like(**more):
        return aws.runtime.get_recommendations(campaignArn=campaign, **more)

    answer = like(itemId="a4", numResults=10)
    assert genres(answer) == {"a": 10} and "a4" not in ids(answer)
    assert all(set(i) == {"itemId"} for i in answer["itemList"])
    assert genres(like(itemId="b4")) == {"b": 10}
    popular = ids(like(itemId="none"))
    assert popular == ids(like(itemId="none either")) and len(set(popular)) == 25
    shop.put("b1", "b2", "b3", user="u0", session="related")
    assert ids(like(itemId="a4", userId="u0", numResults=10)) == ids(answer)
    with refused("InvalidInputException", "itemId is missing"):
        like(userId="u0")


def test_cold_items(aws):
    """An item that few have taken, or none, has similar ones by its metadata; where
    that does not count, what is popular fills up."""
    own = shops.Shop(aws)
    aws.imported(own.items, aws.put(shops.items(own.now, ["a20", "b20", "b21"])))
    taken = [f"u{u},{'ab'[u % 2]}20,View,phone,{own.now - 5000}\n" for u in range(6)]
    aws.imported(own.interactions, aws.put(shops.interactions(own.now) + "".join(taken)))
    similar = own.campaign("aws-similar-items", enableMetadataWithRecommendations=True)
    sims = own.campaign("aws-sims")

    def like(campaign, item, **more):
        return aws.runtime.get_recommendations(campaignArn=campaign, itemId=item, **more)

    for item in ("a20", "b20", "b21"):
        assert genres(like(similar, item)) == {item[0]: 10}
    popular = ids(like(sims, "none"))
    assert popular == ids(like(sims, "b21")) == ids(like(similar, "none"))
    assert genres(like(sims, "b20"), first=3) == {"b": 3}
    answer = like(similar, "b20", metadataColumns={"ITEMS": ["GENRES", "PRICE"]}, numResults=2)["itemList"]
    assert [i["metadata"] for i in answer] == [{"GENRES": "Ballet", "PRICE": str(1 + int(i["itemId"][1:]))} for i in answer]


def test_trending(aws, shop):
    """What gained most in the newest stretch of time comes first, for everyone."""
    features = {"featureTransformationParameters": {"trend_discovery_frequency": "30 minutes"}}
    trending = shops.version(aws, shops.solution(aws, shop.group, "aws-trending-now", solutionConfig=features))
    campaign = shops.campaign(aws, trending)
    answer = aws.runtime.get_recommendations(campaignArn=campaign, numResults=10)
    assert ids(answer)[0] == "b7"
    assert len(set(ids(answer))) == 10 and all(set(i) == {"itemId"} for i in answer["itemList"])
    assert ids(aws.runtime.get_recommendations(campaignArn=campaign, userId="u0", numResults=10)) == ids(answer)
    with refused("InvalidInputException", "trend_discovery_frequency"):
        features = {"featureTransformationParameters": {"trend_discovery_frequency": "a minute"}}
        shops.solution(aws, shop.group, "aws-trending-now", solutionConfig=features)
