"""From data to answers that follow events, by the AWS CLI."""

import json
import time

from account import unique
from shop import RECIPE, ids
from test_cli import run, settle


def personalize(operation, **arguments):
    """Calls an operation with its arguments as --words-and-hyphens."""
    flags = [word for name, value in arguments.items() for word in ("--" + name.replace("_", "-"), value)]
    return run("personalize", operation, *flags)


def deployed(aws, name, version):
    arn = personalize("create-campaign", name=name, solution_version_arn=version)["campaignArn"]
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
