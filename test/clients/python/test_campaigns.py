"""Campaigns over their life: updates to other versions, and the order of deletes."""

import pytest

import data
import shop as shops
from account import refused, unique
from shop import campaign, genres, ids, solution, updated, version


def test_latest(aws, shop):
    """$LATEST means the newest version of the moment, unless the campaign follows
    its solution; by an update it begins to and ends."""
    p, s = aws.personalize, solution(aws, shop.group, performAutoTraining=False)
    with refused("InvalidInputException", "no ACTIVE version"):
        p.create_campaign(name=unique(), solutionVersionArn=s + "/$LATEST")
    first = version(aws, s)
    c = campaign(aws, s + "/$LATEST")
    assert "latestCampaignUpdate" not in aws.describe("campaign", c)
    second = version(aws, s)
    assert aws.describe("campaign", c)["solutionVersionArn"] == first

    follow = {"syncWithLatestSolutionVersion": True}
    with refused("InvalidInputException", "$LATEST"):
        p.update_campaign(campaignArn=c, solutionVersionArn=first, campaignConfig=follow)
    assert p.update_campaign(campaignArn=c, solutionVersionArn=s + "/$LATEST", campaignConfig=follow)["campaignArn"] == c
    described = updated(aws, "campaign", c, "latestCampaignUpdate")
    assert described["status"] == "ACTIVE" and described["solutionVersionArn"] == second
    assert described["latestCampaignUpdate"]["campaignConfig"] == described["campaignConfig"] == follow
    third = version(aws, s)
    for described in aws.poll("campaign", c):
        assert described["status"] == "ACTIVE"  # and it answers throughout
        assert len(ids(aws.runtime.get_recommendations(campaignArn=c))) == 25
        if described["solutionVersionArn"] == third:
            break

    p.update_campaign(campaignArn=c, solutionVersionArn=first, campaignConfig={"syncWithLatestSolutionVersion": False})
    assert updated(aws, "campaign", c, "latestCampaignUpdate")["solutionVersionArn"] == first
    version(aws, s)
    assert aws.describe("campaign", c)["solutionVersionArn"] == first


def test_other_recipe(aws, shop):
    """A campaign that moves from v2 to another recipe has metadata again when it
    is asked for, and goes on with what its users have done."""
    c, user = campaign(aws, shop.version("aws-user-personalization-v2")), unique("user")
    shop.put("b3", "b4", user=user)

    def ask(**more):
        return aws.runtime.get_recommendations(campaignArn=c, userId=user, **more)

    columns = {"ITEMS": ["GENRES"]}
    assert {i["metadata"]["GENRES"] for i in ask(metadataColumns=columns, numResults=8)["itemList"]} == {"Ballet"}
    v1 = shop.version("aws-user-personalization")
    exploring = {"itemExplorationConfig": {"explorationWeight": "0.1", "explorationItemAgeCutOff": "7"}}
    for config in (exploring, exploring | {"enableMetadataWithRecommendations": True}):
        aws.personalize.update_campaign(campaignArn=c, solutionVersionArn=v1, campaignConfig=config)
        described = updated(aws, "campaign", c, "latestCampaignUpdate")
        assert described["solutionVersionArn"] == v1 and described["campaignConfig"] == config
        assert genres(ask())["b"] >= 8
        if config == exploring:
            with refused("InvalidInputException", "enableMetadataWithRecommendations"):
                ask(metadataColumns=columns)
    assert ask(metadataColumns=columns, numResults=1)["itemList"][0]["metadata"] == {"GENRES": "Ballet"}
    with refused("InvalidInputException", "itemExplorationConfig", "aws-sims"):
        aws.personalize.update_campaign(campaignArn=c, solutionVersionArn=shop.version("aws-sims"), campaignConfig=exploring)


def test_deletes(aws):
    """From the outside in nothing can be deleted, from the inside out everything."""
    p, group = aws.personalize, aws.group()
    schema = aws.schema(data.INTERACTIONS)
    dataset = aws.dataset(group=group, schema=schema)
    aws.imported(dataset, aws.put(data.interactions(1000)))
    tracker, _ = aws.tracker(group)
    s = solution(aws, group)
    v = version(aws, s)
    c = campaign(aws, v)

    def used(by, operation, **arguments):
        with refused("ResourceInUseException", by):
            getattr(p, operation)(**arguments)

    used(c, "delete_solution", solutionArn=s)
    used(s, "delete_dataset_group", datasetGroupArn=group)
    used(dataset, "delete_schema", schemaArn=schema)
    with refused("ResourceInUseException"):
        p.delete_dataset(datasetArn=dataset)

    p.delete_campaign(campaignArn=c)
    aws.gone("campaign", c)
    with refused("ResourceNotFoundException", c, status=404):
        aws.runtime.get_recommendations(campaignArn=c)
    assert aws.describe("solution_version", v)["status"] == "ACTIVE"  # it can be deployed again
    again = campaign(aws, v)
    p.delete_campaign(campaignArn=again)
    aws.gone("campaign", again)
    with refused("ResourceNotFoundException"):
        p.delete_campaign(campaignArn=again)

    used(s, "delete_dataset_group", datasetGroupArn=group)
    p.delete_solution(solutionArn=s)
    aws.gone("solution", s)
    with refused("ResourceNotFoundException"):
        p.get_solution_metrics(solutionVersionArn=v)
    used(tracker, "delete_dataset", datasetArn=dataset)
    p.delete_event_tracker(eventTrackerArn=tracker)
    aws.gone("event_tracker", tracker)
    p.delete_dataset(datasetArn=dataset)
    aws.gone("dataset", dataset)
    p.delete_schema(schemaArn=schema)
    p.delete_dataset_group(datasetGroupArn=group)
    aws.gone("dataset_group", group)


@pytest.mark.parametrize("recipe", ["aws-user-personalization-v2", "aws-trending-now", "aws-similar-items", "aws-personalized-ranking-v2"])
def test_defaults(aws, shop, recipe):
    """What describe says of a campaign that was made with a name and a version."""
    name = unique("campaign")
    c = aws.personalize.create_campaign(name=name, solutionVersionArn=shop.version(recipe))["campaignArn"]
    aws.undo.append(lambda: aws.delete("campaign", c))
    assert c == shop.aws.arn("campaign", name)
    described = aws.settle("campaign", c)
    assert described["name"] == name and described["minProvisionedTPS"] == 1
    assert described["solutionVersionArn"] == shop.version(recipe)
    assert {"failureReason", "latestCampaignUpdate"}.isdisjoint(described)
    assert described["lastUpdatedDateTime"] >= described["creationDateTime"]
