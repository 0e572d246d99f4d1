"""What settings of a solution do to a training, and updates of what is there."""

import pytest

import data
from account import refused, unique
from shop import RECIPE, campaign, genres, ids, solution, updated, version


def weighed(view, buy):
    """An eventsConfig."""
    return {"eventParametersList": [{"eventType": "View", "weight": view}, {"eventType": "Buy", "weight": buy}]}


def top(aws, campaign_arn, user="stranger", **more):
    return ids(aws.runtime.get_recommendations(campaignArn=campaign_arn, userId=user, numResults=10, **more))


def bought(item_ids):
    """How many of the items are those that users buy; they view the others."""
    return sum(int(i[1:]) % 2 for i in item_ids)


def price(item_ids):
    return sum(1 + int(i[1:]) for i in item_ids) / len(item_ids)


def test_weights_and_sync(aws, shop):
    """Events count by their weights; an update of the solution is what the next
    version is trained with, which a campaign of $LATEST takes over by itself."""
    buying = {"eventsConfig": weighed(0.05, 1)}
    s = solution(aws, shop.group, "aws-user-personalization-v2", performAutoTraining=False, solutionConfig=buying)
    first = version(aws, s)
    metrics = aws.personalize.get_solution_metrics(solutionVersionArn=first)["metrics"]
    weighted = {f"normalized_discounted_cumulative_gain_with_event_weights_at_{k}" for k in (5, 10, 25)}
    assert len(metrics) == 11 and weighted < set(metrics)
    c = campaign(aws, s + "/$LATEST", campaignConfig={"syncWithLatestSolutionVersion": True})
    assert aws.describe("campaign", c)["solutionVersionArn"] == first
    buyers = top(aws, c)
    assert bought(buyers) >= 9

    aws.personalize.update_solution(solutionArn=s, solutionUpdateConfig={"eventsConfig": weighed(1, 0.05)})
    update = updated(aws, "solution", s, "latestSolutionUpdate")["latestSolutionUpdate"]
    assert update["solutionUpdateConfig"]["eventsConfig"] == weighed(1, 0.05)
    assert top(aws, c) == buyers
    second = version(aws, s)
    configs = [aws.describe("solution_version", v)["solutionConfig"]["eventsConfig"] for v in (first, second)]
    assert configs == [weighed(0.05, 1), weighed(1, 0.05)]
    for described in aws.poll("campaign", c):
        if described["solutionVersionArn"] == second:
            break
    assert described["latestCampaignUpdate"]["solutionVersionArn"] == second
    assert bought(top(aws, c)) <= 1

    # Back to the first, by hand.
    aws.personalize.update_campaign(
        campaignArn=c, solutionVersionArn=first, minProvisionedTPS=2, campaignConfig={"syncWithLatestSolutionVersion": False}
    )
    described = updated(aws, "campaign", c, "latestCampaignUpdate")
    assert described["solutionVersionArn"] == first and described["minProvisionedTPS"] == 2
    assert top(aws, c) == buyers


def test_objective(aws, shop):
    """Dear items come first where the objective says so; relevance still counts."""
    objective = {"optimizationObjective": {"itemAttribute": "PRICE", "objectiveSensitivity": "HIGH"}}
    s = solution(aws, shop.group, "aws-user-personalization", performAutoTraining=False, solutionConfig=objective)
    v = version(aws, s)
    metrics = aws.personalize.get_solution_metrics(solutionVersionArn=v)["metrics"]
    assert 0 < metrics["average_rewards_at_k"] <= 1
    exploring = {"itemExplorationConfig": {"explorationWeight": "0"}}
    dear = campaign(aws, v, campaignConfig=exploring)
    usual = shop.campaign("aws-user-personalization", **exploring)
    for user in ("u60", "stranger"):
        assert price(top(aws, dear, user)) > price(top(aws, usual, user)) + 3
    for attribute, text in (("GENRES", "numbers"), ("COLOUR", '"COLOUR"')):
        with refused("InvalidInputException", "optimizationObjective.itemAttribute", text):
            solution(aws, shop.group, "aws-user-personalization", solutionConfig={"optimizationObjective": {"itemAttribute": attribute}})
    with refused("InvalidInputException", "cannot be used with aws-sims"):
        solution(aws, shop.group, "aws-sims", solutionConfig=objective)


def test_search(aws, shop):
    """Hyperparameters are searched for within ranges, and the choice is shown."""
    name = "popularity_discount_factor"
    search = {
        "hpoResourceConfig": {"maxNumberOfTrainingJobs": "3", "maxParallelTrainingJobs": "1"},
        "algorithmHyperParameterRanges": {"continuousHyperParameterRanges": [{"name": name, "minValue": 0.1, "maxValue": 0.4}]},
    }
    s = solution(aws, shop.group, "aws-sims", performHPO=True, solutionConfig={"hpoConfig": search})
    assert aws.describe("solution", s)["performHPO"] is True
    v = version(aws, s)
    described = aws.describe("solution_version", v)
    tuned = described["tunedHPOParams"]["algorithmHyperParameters"]
    assert 0.1 <= float(tuned[name]) <= 0.4
    assert described["solutionConfig"]["hpoConfig"] == search
    assert "tunedHPOParams" not in aws.describe("solution_version", shop.version("aws-sims"))
    like = aws.runtime.get_recommendations(campaignArn=campaign(aws, v), itemId="b4")
    assert genres(like) == {"b": 10}


def test_choice(aws, shop):
    """Recipes are tried, the best is trained, and what follows is as if it had been
    named."""
    among = [RECIPE + "aws-popularity-count", RECIPE + "aws-user-personalization-v2"]
    config = {"autoMLConfig": {"metricName": "precision_at_10", "recipeList": among}}
    s = solution(aws, shop.group, None, performAutoML=True, performAutoTraining=False, solutionConfig=config)
    described = aws.describe("solution", s)
    assert described["performAutoML"] and described["performHPO"] and described["solutionConfig"] == config
    assert not {"recipeArn", "autoMLResult"} & described.keys()
    v = version(aws, s)
    described = aws.describe("solution", s)
    assert described["autoMLResult"] == {"bestRecipeArn": among[1]} and "recipeArn" not in described
    described = aws.describe("solution_version", v)
    assert described["performAutoML"] and described["recipeArn"] == among[1]
    assert described["tunedHPOParams"] == {"algorithmHyperParameters": {"apply_recency_bias": "true"}}
    assert aws.personalize.get_solution_metrics(solutionVersionArn=v)["metrics"]["precision_at_10"] > 0
    with refused("InvalidInputException", "cannot be used with aws-user-personalization-v2"):
        campaign(aws, v, campaignConfig={"itemExplorationConfig": {"explorationWeight": "0"}})
    c = campaign(aws, s + "/$LATEST")
    user = unique("user")
    for item, genre in (("b3", "b"), ("a4", "a")):
        shop.put(item, user=user, session=unique())
        answer = aws.runtime.get_recommendations(campaignArn=c, userId=user)
        assert genres(answer)[genre] >= 5 and answer["itemList"][0]["score"] > 0
    with refused("InvalidInputException", "UPDATE", "performAutoML"):
        aws.personalize.create_solution_version(solutionArn=s, trainingMode="UPDATE")
    for wrong, text in (
        ({"metricName": "recall"}, "precision_at_10"),
        ({"recipeList": [RECIPE + "aws-sims"]}, "aws-sims"),
        ({"recipeList": [RECIPE + "aws-hrnn"]}, "aws-hrnn cannot be trained"),
    ):
        with refused("InvalidInputException", text):
            solution(aws, shop.group, None, performAutoML=True, solutionConfig={"autoMLConfig": wrong})


def test_columns(aws, shop):
    """What trainingDataConfig leaves out of training is not heard in a context."""
    without = {"trainingDataConfig": {"excludedDatasetColumns": {"INTERACTIONS": ["DEVICE"]}}}
    s = solution(aws, shop.group, "aws-user-personalization-v2", performAutoTraining=False, solutionConfig=without)
    c = campaign(aws, version(aws, s))
    assert top(aws, c, "u0", context={"DEVICE": "phone"}) == top(aws, c, "u0", context={"DEVICE": "tv"})


def test_failed(aws):
    """A training without data fails, says why wherever it is shown, and the next
    one may succeed."""
    p, dataset = aws.personalize, aws.dataset()
    s = solution(aws, aws.describe("dataset", dataset)["datasetGroupArn"])
    v = p.create_solution_version(solutionArn=s)["solutionVersionArn"]
    failed = aws.settle("solution_version", v)
    assert failed["status"] == "CREATE FAILED" and "no interactions" in failed["failureReason"] and "trainingHours" not in failed
    assert failed["name"] == v.partition("solution/")[2]
    (listed,) = p.list_solution_versions(solutionArn=s)["solutionVersions"]
    assert listed["status"] == "CREATE FAILED" and listed["failureReason"] == failed["failureReason"]
    with refused("ResourceInUseException", "CREATE FAILED", failed["failureReason"]):
        p.get_solution_metrics(solutionVersionArn=v)
    with refused("ResourceInUseException", "CREATE FAILED", "another version"):
        campaign(aws, v)
    with refused("ResourceInUseException", "CREATE FAILED"):
        p.stop_solution_version_creation(solutionVersionArn=v)
    aws.imported(dataset, aws.put(data.interactions(1000)))
    assert aws.describe("solution_version", version(aws, s))["trainingHours"] > 0


def test_stop(aws, shop):
    """A training that would take long is stopped, and the next one runs."""
    search = {"hpoResourceConfig": {"maxNumberOfTrainingJobs": "40", "maxParallelTrainingJobs": "1"}}
    s = solution(
        aws, shop.group, "aws-user-personalization", performHPO=True, performAutoTraining=False, solutionConfig={"hpoConfig": search}
    )
    running = aws.personalize.create_solution_version(solutionArn=s)["solutionVersionArn"]
    waiting = aws.personalize.create_solution_version(solutionArn=s)["solutionVersionArn"]
    for described in aws.poll("solution_version", running):
        if described["status"] == "CREATE IN_PROGRESS":
            break
    with refused("ResourceInUseException"):
        aws.personalize.get_solution_metrics(solutionVersionArn=running)
    with refused("ResourceInUseException", running):
        aws.personalize.delete_solution(solutionArn=s)
    for v in (waiting, running):
        aws.personalize.stop_solution_version_creation(solutionVersionArn=v)
        for described in aws.poll("solution_version", v, seconds=20):
            if described["status"] == "CREATE STOPPED":
                break
        with refused("ResourceInUseException", "CREATE STOPPED"):
            aws.personalize.stop_solution_version_creation(solutionVersionArn=v)
        with refused("ResourceInUseException", "CREATE STOPPED", "another version"):
            campaign(aws, v)
    version(aws, solution(aws, shop.group))
    with refused("InvalidInputException", "no ACTIVE version"):
        campaign(aws, s + "/$LATEST")


@pytest.mark.parametrize(
    "recipe, more, texts",
    [
        ("aws-user-personalization-v2", {"solutionConfig": {"algorithmHyperParameters": {"depth": "3"}}}, ['"depth"', "algorithm"]),
        ("aws-sims", {"solutionConfig": {"algorithmHyperParameters": {"popularity_discount_factor": "2"}}}, ["popularity_discount_factor"]),
        ("aws-sims", {"solutionConfig": {"featureTransformationParameters": {"bptt": "3"}}}, ['"bptt"']),
        ("aws-sims", {"solutionConfig": {"eventsConfig": weighed(1, 1)}}, ["eventsConfig", "aws-sims"]),
        ("aws-sims", {"solutionConfig": {"eventValueThreshold": "much"}}, ["eventValueThreshold", '"much"']),
        ("aws-sims", {"solutionConfig": {"hpoConfig": {}}}, ["performHPO"]),
        ("aws-popularity-count", {"performHPO": True}, ["performHPO", "aws-popularity-count"]),
        ("aws-sims", {"performAutoML": True}, ["performAutoML and recipeArn"]),
        ("aws-user-personalization-v2", {"solutionConfig": {"eventsConfig": weighed(0, 0)}}, ["weights of 0"]),
        (
            "aws-user-personalization-v2",
            {"solutionConfig": {"trainingDataConfig": {"excludedDatasetColumns": {"ITEMS": ["COLOUR"]}}}},
            ['"COLOUR"'],
        ),
        ("aws-sims", {"solutionConfig": {"autoTrainingConfig": {"schedulingExpression": "rate(31 days)"}}}, ["rate(31 days)"]),
    ],
)
def test_solution_refusals(aws, shop, recipe, more, texts):
    with refused("InvalidInputException", *texts):
        solution(aws, shop.group, recipe, **more)


def test_campaign_refusals(aws, shop):
    def fails(text, recipe, **config):
        with refused("InvalidInputException", text):
            shop.campaign(recipe, **config)

    fails("from 0 to 1", "aws-user-personalization", itemExplorationConfig={"explorationWeight": "2"})
    fails("number of days", "aws-user-personalization", itemExplorationConfig={"explorationItemAgeCutOff": "0"})
    fails('"weight"', "aws-user-personalization", itemExplorationConfig={"weight": "1"})
    fails("cannot be used with aws-sims", "aws-sims", itemExplorationConfig={"explorationWeight": "1"})
    c = shop.campaign("aws-sims")
    with refused("InvalidInputException", "nothing to update"):
        aws.personalize.update_campaign(campaignArn=c)
    with refused("ResourceNotFoundException"):
        aws.personalize.update_campaign(campaignArn=c, solutionVersionArn=shop.version("aws-sims")[:-8] + "00000000")
    with refused("InvalidInputException", "nothing to update"):
        aws.personalize.update_solution(solutionArn=shop.version("aws-sims").rpartition("/")[0])
