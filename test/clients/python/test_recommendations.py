"""From imported interactions to recommendations, by boto3."""

import re

import pytest
from botocore.exceptions import ClientError

import data
from account import provoke, refused, unique
from shop import campaign, solution, version

POPULARITY = "arn:aws:personalize:::recipe/aws-popularity-count"


def interactions(aws, rows=3000):
    group = aws.group()
    dataset = aws.dataset(group=group)
    aws.imported(dataset, aws.put(data.interactions(rows)))
    return group, dataset


def test_story(aws):
    p = aws.personalize
    group, _ = interactions(aws)
    s = solution(aws, group, tags=[{"tagKey": "team", "tagValue": "search"}])
    described = aws.describe("solution", s)
    assert described["performAutoTraining"] is True and described["performHPO"] is False
    assert described["solutionConfig"] == {}
    assert {"latestSolutionVersion", "latestSolutionUpdate", "eventType"}.isdisjoint(described)
    assert s in [x["solutionArn"] for x in p.list_solutions(datasetGroupArn=group)["solutions"]]

    v = version(aws, s, name="first")
    trained = aws.describe("solution_version", v)
    assert trained["name"] == "first" and trained["trainingMode"] == "FULL" and trained["trainingType"] == "MANUAL"
    assert trained["trainingHours"] > 0 and trained["datasetGroupArn"] == group
    assert aws.describe("solution", s)["latestSolutionVersion"]["solutionVersionArn"] == v
    assert [x["solutionVersionArn"] for x in p.list_solution_versions(solutionArn=s)["solutionVersions"]] == [v]
    metrics = p.get_solution_metrics(solutionVersionArn=v)["metrics"]
    assert len(metrics) == 8

    c = campaign(aws, v, minProvisionedTPS=2)
    assert aws.describe("campaign", c)["minProvisionedTPS"] == 2
    assert [x["campaignArn"] for x in p.list_campaigns(solutionArn=s)["campaigns"]] == [c]
    answer = aws.runtime.get_recommendations(campaignArn=c, userId="u1", numResults=10)
    assert len({i["itemId"] for i in answer["itemList"]}) == 10 and all(set(i) == {"itemId"} for i in answer["itemList"])
    assert re.fullmatch("RID-[0-9a-f-]{36}", answer["recommendationId"])
    assert len(aws.runtime.get_recommendations(campaignArn=c)["itemList"]) == 25

    p.update_solution(solutionArn=s, performAutoTraining=False)
    for described in aws.poll("solution", s):
        if described["latestSolutionUpdate"]["status"] == "ACTIVE":
            break
    assert described["performAutoTraining"] is False
    with refused("ResourceInUseException", c):
        p.delete_solution(solutionArn=s)
    p.delete_campaign(campaignArn=c)
    aws.gone("campaign", c)
    p.delete_solution(solutionArn=s)
    aws.gone("solution", s)
    with refused("ResourceNotFoundException", v):
        p.describe_solution_version(solutionVersionArn=v)


def test_sync(aws):
    group, _ = interactions(aws)
    s = solution(aws, group)
    first = version(aws, s)
    c = campaign(aws, s + "/$LATEST", campaignConfig={"syncWithLatestSolutionVersion": True})
    assert aws.describe("campaign", c)["solutionVersionArn"] == first
    second = version(aws, s)
    for described in aws.poll("campaign", c):
        if described["solutionVersionArn"] == second:
            break
    assert described["status"] == "ACTIVE" and described["latestCampaignUpdate"]["status"] == "ACTIVE"


def test_stop(aws):
    group, _ = interactions(aws)
    s = solution(aws, group)
    for _ in range(100):  # one of these is stopped before it is trained
        v = aws.personalize.create_solution_version(solutionArn=s)["solutionVersionArn"]
        try:
            aws.personalize.stop_solution_version_creation(solutionVersionArn=v)
        except ClientError as error:
            assert error.response["Error"]["Code"] == "ResourceInUseException"
        for described in aws.poll("solution_version", v):
            if described["status"] in ("ACTIVE", "CREATE STOPPED"):
                break
        if described["status"] == "CREATE STOPPED":
            break
    assert described["status"] == "CREATE STOPPED"
    with refused("ResourceInUseException", "CREATE STOPPED"):
        aws.personalize.stop_solution_version_creation(solutionVersionArn=v)


def test_runtime_refusals(aws):
    group, _ = interactions(aws)
    c = campaign(aws, version(aws, solution(aws, group)))

    def fails(code, text, status=400, **arguments):
        with refused(code, text, status=status):
            aws.runtime.get_recommendations(**arguments)

    fails("ResourceNotFoundException", "campaign/none", 404, campaignArn=aws.arn("campaign", "none"), userId="u")
    fails("InvalidInputException", "campaignArn is missing", userId="u")
    fails("InvalidInputException", "at most 500", campaignArn=c, userId="u", numResults=501)
    fails("InvalidInputException", "no filters yet", campaignArn=c, userId="u", filterArn=aws.arn("filter", "f"))
    with refused("InvalidInputException", "ranks no lists"):
        aws.runtime.get_personalized_ranking(campaignArn=c, userId="u", inputList=["i1"])
    with refused("ResourceNotFoundException", "campaign/none", status=404):
        aws.runtime.get_personalized_ranking(campaignArn=aws.arn("campaign", "none"), userId="u", inputList=["i1"])


def test_modelled_refusals(aws):
    """Every exception that the API model has for these operations."""
    p = aws.personalize
    group, dataset = interactions(aws)
    wrong = group  # an ARN of another kind
    for operation, argument, kind in [
        ("describe_recipe", "recipeArn", "recipe"),
        ("describe_algorithm", "algorithmArn", "algorithm"),
        ("describe_feature_transformation", "featureTransformationArn", "feature-transformation"),
        ("describe_solution", "solutionArn", "solution"),
        ("update_solution", "solutionArn", "solution"),
        ("delete_solution", "solutionArn", "solution"),
        ("create_solution_version", "solutionArn", "solution"),
        ("list_solution_versions", "solutionArn", "solution"),
        ("describe_solution_version", "solutionVersionArn", "solution/none"),
        ("stop_solution_version_creation", "solutionVersionArn", "solution/none"),
        ("get_solution_metrics", "solutionVersionArn", "solution/none"),
        ("describe_campaign", "campaignArn", "campaign"),
        ("update_campaign", "campaignArn", "campaign"),
        ("delete_campaign", "campaignArn", "campaign"),
    ]:
        with refused("InvalidInputException"):
            getattr(p, operation)(**{argument: wrong})
        with refused("ResourceNotFoundException"):
            getattr(p, operation)(**{argument: aws.arn(kind, "none")})
    with refused("InvalidInputException"):
        p.list_solutions(datasetGroupArn=dataset)
    with refused("InvalidInputException"):
        p.list_campaigns(solutionArn=dataset)


def test_solution_refusals(aws):
    p = aws.personalize
    group, dataset = interactions(aws)
    many = [{"tagKey": f"k{i}", "tagValue": ""} for i in range(51)]
    with refused("InvalidInputException", "cannot be trained"):
        p.create_solution(name=unique(), datasetGroupArn=group, recipeArn="arn:aws:personalize:::recipe/aws-hrnn")
    with refused("InvalidInputException", "Provide a hyperparameter that is used in the algorithm"):
        p.create_solution(
            name=unique(), datasetGroupArn=group, recipeArn=POPULARITY, solutionConfig={"algorithmHyperParameters": {"bptt": "8"}}
        )
    with refused("ResourceNotFoundException"):
        p.create_solution(name=unique(), datasetGroupArn=aws.arn("dataset-group", "none"), recipeArn=POPULARITY)
    with refused("TooManyTagsException"):
        p.create_solution(name=unique(), datasetGroupArn=group, recipeArn=POPULARITY, tags=many)
    provoke(
        "ResourceInUseException",
        lambda: p.create_solution(name=unique(), datasetGroupArn=aws.group(wait=False), recipeArn=POPULARITY),
    )
    s = solution(aws, group)
    name = aws.describe("solution", s)["name"]
    with refused("ResourceAlreadyExistsException", f"Another resource with Arn {s} already exists."):
        p.create_solution(name=name, datasetGroupArn=group, recipeArn=POPULARITY)

    def update_twice():
        p.update_solution(solutionArn=s, performAutoTraining=True)

    provoke("ResourceInUseException", update_twice)
    with refused("TooManyTagsException"):
        p.create_solution_version(solutionArn=s, tags=many)
    job = aws.start_import(dataset, aws.put(data.interactions(200_000)))
    with refused("ResourceInUseException", job):
        p.create_solution_version(solutionArn=s)
    assert aws.settle("dataset_import_job", job)["status"] == "ACTIVE"

    def unfinished(call):
        """Calls while a version is being trained, and lets it end."""

        def attempt():
            v = p.create_solution_version(solutionArn=s)["solutionVersionArn"]
            try:
                call(v)
            finally:
                aws.settle("solution_version", v)

        return attempt

    provoke("ResourceInUseException", unfinished(lambda v: p.get_solution_metrics(solutionVersionArn=v)))
    provoke("ResourceInUseException", unfinished(lambda v: p.create_campaign(name=unique("c"), solutionVersionArn=v)))
    v = version(aws, s)
    with refused("InvalidInputException", "$LATEST"):
        p.create_campaign(name=unique(), solutionVersionArn=v, campaignConfig={"syncWithLatestSolutionVersion": True})
    with refused("ResourceNotFoundException", "it is a solution"):
        p.create_campaign(name=unique(), solutionVersionArn=s)
    with refused("TooManyTagsException"):
        p.create_campaign(name=unique(), solutionVersionArn=v, tags=many)
    c = campaign(aws, v)
    with refused("ResourceAlreadyExistsException"):
        p.create_campaign(name=aws.describe("campaign", c)["name"], solutionVersionArn=v)
    provoke("ResourceInUseException", lambda: p.update_campaign(campaignArn=c, minProvisionedTPS=3))

    def delete_at_once():
        arn = p.create_campaign(name=unique("c"), solutionVersionArn=v)["campaignArn"]
        aws.undo.append(lambda: aws.delete("campaign", arn))
        p.delete_campaign(campaignArn=arn)

    provoke("ResourceInUseException", delete_at_once)
    with refused("ResourceInUseException", c):
        p.delete_dataset(datasetArn=dataset)


@pytest.mark.strict
def test_strict_trainings(aws):
    group, _ = interactions(aws, rows=1000)
    solutions = [solution(aws, group) for _ in range(10)]
    with refused("LimitExceededException", "10"):
        aws.personalize.create_solution(name=unique(), datasetGroupArn=group, recipeArn=POPULARITY)
    v = version(aws, solutions[0])
    for _ in range(5):
        campaign(aws, v)
    with refused("LimitExceededException", "Cannot create a campaign. More than 5 resources in ACTIVE state."):
        aws.personalize.create_campaign(name=unique(), solutionVersionArn=v)

    def many():
        aws.personalize.create_solution_version(solutionArn=solutions[1])

    provoke("LimitExceededException", many, tries=1000)
