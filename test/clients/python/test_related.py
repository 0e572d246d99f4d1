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
    assert genres(like(itemId="b4")) == {"b": 10}
    popular = ids(like(itemId="none"))
    assert popular == ids(like(itemId="none either")) and len(set(popular)) == 25
    shop.put("b1", "b2", "b3", user="u0", session="related")
    assert ids(like(itemId="a4", userId="u0", numResults=10)) == ids(answer)
    with refused("InvalidInputException", "itemId is missing"):
        like(userId="u0")


def test_trending(aws, shop):
    """What gained most in the newest stretch of time comes first, for everyone."""
    features = {"featureTransformationParameters": {"trend_discovery_frequency": "30 minutes"}}
    trending = shops.version(aws, shops.solution(aws, shop.group, "aws-trending-now", solutionConfig=features))
    metrics = aws.personalize.get_solution_metrics(solutionVersionArn=trending)["metrics"]
    assert "trend_prediction_accuracy" in metrics
    campaign = shops.campaign(aws, trending)
    answer = aws.runtime.get_recommendations(campaignArn=campaign, numResults=10)
    assert ids(answer)[0] == "b7"
    assert len(set(ids(answer))) == 10
    assert ids(aws.runtime.get_recommendations(campaignArn=campaign, userId="u0", numResults=10)) == ids(answer)
    with refused("InvalidInputException", "trend_discovery_frequency"):
        features = {"featureTransformationParameters": {"trend_discovery_frequency": "a minute"}}
        shops.solution(aws, shop.group, "aws-trending-now", solutionConfig=features)
