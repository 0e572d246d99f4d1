"""From data to answers that follow events, and campaigns over their life, by the
AWS CLI."""

import json
import time

from account import unique
from shop import RECIPE, ids, updated
from test_cli import run, settle


def flags(arguments):
    """Arguments as --words-and-hyphens."""
    return [word for name, value in arguments.items() for word in ("--" + name.replace("_", "-"), value)]


def personalize(operation, *more, fails=None, **arguments):
    return run("personalize", operation, *flags(arguments), *more, fails=fails)


def recommend(fails=None, **arguments):
    return run("personalize-runtime", "get-recommendations", *flags(arguments), fails=fails)


def deployed(aws, name, version, **more):
    arn = personalize("create-campaign", name=name, solution_version_arn=version, **more)["campaignArn"]
    aws.undo.append(lambda: aws.delete("campaign", arn))
    assert settle("campaign", arn)["status"] == "ACTIVE"
    return arn


def test_shop(aws, shop):
    name, recipe = unique("cli"), RECIPE + "aws-user-personalization-v2"
    make = ("personalize", "create-solution", "--name", name, "--dataset-group-arn", shop.group, "--recipe-arn", recipe)
    config = "eventsConfig={eventParametersList=[{eventType=View,weight=1},{eventType=Buy,weight=0.5}]}"
    unknown = run(*make, "--solution-config", "algorithmHyperParameters={depth=3}", fails="InvalidInputException")
    assert '"depth"' in unknown
    solution = run(*make, "--no-perform-auto-training", "--solution-config", config)["solutionArn"]
    aws.undo.append(lambda: aws.delete("solution", solution))
    assert settle("solution", solution)["performAutoTraining"] is False
    version = personalize("create-solution-version", solution_arn=solution)["solutionVersionArn"]
    assert settle("solution-version", version)["status"] == "ACTIVE"
    assert len(personalize("get-solution-metrics", solution_version_arn=version)["metrics"]) == 11
    campaign = deployed(aws, name, solution + "/$LATEST")

    user = unique("user")

    def ask(*more, who=user, **kind):
        return run("personalize-runtime", "get-recommendations", "--campaign-arn", campaign, "--user-id", who, *more, **kind)

    before = ask("--num-results", "10")
    event = {"eventType": "View", "itemId": "b4", "sentAt": int(time.time()), "recommendationId": before["recommendationId"]}
    run(
        "personalize-events", "put-events", "--tracking-id", shop.tracking, "--user-id", user, "--session-id", user,
        "--event-list", json.dumps([event]),
    )  # fmt: skip
    after = ask("--num-results", "10", "--context", "DEVICE=phone", "--metadata-columns", "ITEMS=GENRES,PRICE")
    assert ids(after) != ids(before)
    assert [i["metadata"]["GENRES"] for i in after["itemList"][:6]] == ["Ballet"] * 6
    assert ids(ask("--num-results", "10", who=unique("other"))) == ids(before)
    assert "at most 500" in ask("--num-results", "501", fails="InvalidInputException")

    ranking = deployed(aws, name + "-ranking", shop.version("aws-personalized-ranking-v2"))
    answer = run(
        "personalize-runtime", "get-personalized-ranking", "--campaign-arn", ranking, "--user-id", user,
        "--input-list", "none", "a1", "b1", "a2", "b2",
    )  # fmt: skip
    assert [i[0] for i in ids(answer)] == ["b", "b", "a", "a", "n"]
    assert "score" not in answer["personalizedRanking"][-1]
    assert "GetPersonalizedRanking" in run(
        "personalize-runtime", "get-recommendations", "--campaign-arn", ranking, "--user-id", user, fails="InvalidInputException"
    )


def test_recipes():
    recipes = personalize("list-recipes", "--page-size", "7")["recipes"]
    assert len(recipes) == 25 and RECIPE + "aws-sims" in [r["recipeArn"] for r in recipes]
    recipe = personalize("describe-recipe", recipe_arn=RECIPE + "aws-sims")["recipe"]
    algorithm = personalize("describe-algorithm", algorithm_arn=recipe["algorithmArn"])["algorithm"]
    assert algorithm["defaultHyperParameters"] == {"popularity_discount_factor": "0.5", "min_cointeraction_count": "3"}
    features = personalize("describe-feature-transformation", feature_transformation_arn=recipe["featureTransformationArn"])
    assert features["featureTransformation"]["defaultParameters"]["min_item_interaction_count_percentile"] == "0.01"
    personalize("describe-recipe", recipe_arn=RECIPE + "none", fails="ResourceNotFoundException")


def test_related_and_trending(aws, shop):
    similar = deployed(
        aws, unique("cli"), shop.version("aws-similar-items"), campaign_config="enableMetadataWithRecommendations=true"
    )
    answer = recommend(campaign_arn=similar, item_id="b4", num_results="10", metadata_columns="ITEMS=GENRES")
    assert all(set(i) == {"itemId", "metadata"} and i["metadata"] == {"GENRES": "Ballet"} for i in answer["itemList"])
    assert "itemId is missing" in recommend(campaign_arn=similar, user_id="u0", fails="InvalidInputException")
    trending = deployed(aws, unique("cli"), shop.version("aws-trending-now"))
    assert ids(recommend(campaign_arn=trending))[0] == "b7"
    exploring = deployed(
        aws, unique("cli"), shop.version("aws-user-personalization"),
        campaign_config="itemExplorationConfig={explorationWeight=0,explorationItemAgeCutOff=7}",
    )  # fmt: skip
    scores = [i["score"] for i in recommend(campaign_arn=exploring, user_id="nobody", num_results="40")["itemList"]]
    assert len(scores) == 40 and abs(sum(scores) - 1) < 1e-5 and scores == sorted(scores, reverse=True)


def test_life(aws, shop):
    """Versions, one of them stopped, a campaign that comes to follow its solution,
    and the order of deletes."""
    tuned = personalize(
        "create-solution", "--no-perform-auto-training", "--perform-hpo",
        name=unique("cli"), dataset_group_arn=shop.group, recipe_arn=RECIPE + "aws-user-personalization",
        solution_config="hpoConfig={hpoResourceConfig={maxNumberOfTrainingJobs=40,maxParallelTrainingJobs=1}}",
    )["solutionArn"]  # fmt: skip
    aws.undo.append(lambda: aws.delete("solution", tuned))
    aws.settle("solution", tuned)
    stopped = personalize("create-solution-version", solution_arn=tuned)["solutionVersionArn"]
    personalize("delete-solution", solution_arn=tuned, fails="ResourceInUseException")
    personalize("stop-solution-version-creation", solution_version_arn=stopped)
    for described in aws.poll("solution_version", stopped):
        if described["status"] == "CREATE STOPPED":
            break
    assert "CREATE STOPPED" in personalize("stop-solution-version-creation", solution_version_arn=stopped, fails="ResourceInUseException")
    personalize("delete-solution", solution_arn=tuned)
    aws.gone("solution", tuned)

    solution = personalize(
        "create-solution", name=unique("cli"), dataset_group_arn=shop.group, recipe_arn=RECIPE + "aws-similar-items"
    )["solutionArn"]
    aws.undo.append(lambda: aws.delete("solution", solution))
    aws.settle("solution", solution)
    versions = []
    for _ in range(2):
        versions.insert(0, personalize("create-solution-version", solution_arn=solution)["solutionVersionArn"])
        assert settle("solution-version", versions[0])["status"] == "ACTIVE"
    listed = personalize("list-solution-versions", "--page-size", "1", solution_arn=solution)["solutionVersions"]
    assert [v["solutionVersionArn"] for v in listed] == versions
    campaign = deployed(aws, unique("cli"), versions[1])
    personalize(
        "update-campaign", campaign_arn=campaign, solution_version_arn=solution + "/$LATEST",
        campaign_config="syncWithLatestSolutionVersion=true",
    )  # fmt: skip
    updated(aws, "campaign", campaign, "latestCampaignUpdate")
    described = personalize("describe-campaign", campaign_arn=campaign)["campaign"]
    assert described["solutionVersionArn"] == described["latestCampaignUpdate"]["solutionVersionArn"] == versions[0]
    assert [c["campaignArn"] for c in personalize("list-campaigns", solution_arn=solution)["campaigns"]] == [campaign]

    assert campaign in personalize("delete-solution", solution_arn=solution, fails="ResourceInUseException")
    personalize("delete-campaign", campaign_arn=campaign)
    aws.gone("campaign", campaign)
    recommend(campaign_arn=campaign, item_id="a1", fails="ResourceNotFoundException")
    personalize("delete-solution", solution_arn=solution)
    aws.gone("solution", solution)
    personalize("describe-solution-version", solution_version_arn=versions[0], fails="ResourceNotFoundException")
