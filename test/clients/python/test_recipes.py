"""Recipes and what they are made of, as Amazon documents them."""

import datetime

import pytest

from account import refused
from shop import RECIPE

SEQUENCE = {"hidden_dimension": ("149", 32, 256, True), "bptt": ("32", 2, 32, True), "recency_mask": ("true", "true false", True)}
SMALL = SEQUENCE | {"hidden_dimension": ("43", 32, 256, True)}
RECENCY = {"apply_recency_bias": ("true", "true false", False)}
HIDDEN = {"hidden_dimension": ("149", 32, 256, False)}
SIMS = {"popularity_discount_factor": ("0.5", 0, 1, True), "min_cointeraction_count": ("3", 0, 10, True)}
SIMILAR = {
    "popularity_discount_factor": ("0.0", 0, 1, False),
    "item_id_hidden_dim": ("100", 30, 200, True), "item_metadata_hidden_dim": ("100", 30, 200, True),
}  # fmt: skip

LENGTHS = {"min_user_history_length_percentile": "0.0", "max_user_history_length_percentile": "0.99"}
COUNTS = {
    "min_user_history_length_percentile": "0.005", "max_user_history_length_percentile": "0.995",
    "min_item_interaction_count_percentile": "0.01", "max_item_interaction_count_percentile": "0.9",
}  # fmt: skip
COLD = {"cold_start_max_interactions": "15", "cold_start_max_duration": "5.0", "cold_start_relative_from": "latestItem"}

# Type, hyperparameters with their ranges, the feature transformation where its
# name is documented, and its parameters.
CUSTOM = {
    "aws-hrnn": ("USER_PERSONALIZATION", SMALL, "JSON-percentile-filtering", LENGTHS),
    "aws-hrnn-coldstart": ("USER_PERSONALIZATION", SEQUENCE, "featurize_coldstart", LENGTHS | COLD),
    "aws-hrnn-metadata": ("USER_PERSONALIZATION", SMALL, "featurize_metadata", LENGTHS),
    "aws-item-affinity": ("USER_SEGMENTATION", HIDDEN, "item-affinity", {}),
    "aws-item-attribute-affinity": ("USER_SEGMENTATION", HIDDEN, "item-attribute-affinity", {}),
    "aws-next-best-action": ("PERSONALIZED_ACTIONS", {}, "", {"action_optimization_period": "14"}),
    "aws-personalized-ranking": ("PERSONALIZED_RANKING", SEQUENCE, "JSON-percentile-filtering", LENGTHS),
    "aws-personalized-ranking-v2": ("PERSONALIZED_RANKING", RECENCY, "", {}),
    "aws-popularity-count": ("USER_PERSONALIZATION", {}, "sims", COUNTS),
    "aws-semantic-similarity": ("RELATED_ITEMS", {}, "aws-semantic-similarity", {}),
    "aws-similar-items": ("RELATED_ITEMS", SIMILAR, "", {}),
    "aws-sims": ("RELATED_ITEMS", SIMS, "sims", COUNTS),
    "aws-trending-now": ("POPULAR_ITEMS", {}, "", {"trend_discovery_frequency": "2 hours"}),
    "aws-user-personalization": ("USER_PERSONALIZATION", SEQUENCE, "", LENGTHS),
    "aws-user-personalization-v2": ("USER_PERSONALIZATION", RECENCY, "", {}),
}
DOMAINS = {
    "ECOMMERCE": """aws-ecomm-customers-who-viewed-x-also-viewed aws-ecomm-frequently-bought-together
        aws-ecomm-popular-items-by-purchases aws-ecomm-popular-items-by-views aws-ecomm-recommended-for-you""".split(),
    "VIDEO_ON_DEMAND": """aws-vod-because-you-watched-x aws-vod-more-like-x aws-vod-most-popular aws-vod-top-picks
        aws-vod-trending-now""".split(),
}
USE_CASES = {name: domain for domain, names in DOMAINS.items() for name in names}


def times(resource):
    """A resource that Amazon provides is as old as the service at least."""
    assert datetime.date(2019, 6, 1) <= resource["creationDateTime"].date() <= resource["lastUpdatedDateTime"].date()


def test_lists(aws):
    """By pages of any size, in the order of names; a domain's alone."""
    for size in (1, 9, 100):
        pages = aws.personalize.get_paginator("list_recipes").paginate(recipeProvider="SERVICE", PaginationConfig={"PageSize": size})
        recipes = [r for page in pages for r in page["recipes"]]
        assert [r["name"] for r in recipes] == sorted([*CUSTOM, *USE_CASES])
    for recipe in recipes:
        assert recipe["recipeArn"] == RECIPE + recipe["name"] and recipe["status"] == "ACTIVE"
        assert recipe.get("domain") == USE_CASES.get(recipe["name"])
        times(recipe)
    for domain, names in DOMAINS.items():
        assert [r["name"] for r in aws.personalize.list_recipes(domain=domain)["recipes"]] == names


@pytest.mark.parametrize("name", [*CUSTOM, *USE_CASES])
def test_recipe(aws, name):
    recipe = aws.personalize.describe_recipe(recipeArn=RECIPE + name)["recipe"]
    assert recipe["name"] == name and recipe["recipeArn"] == RECIPE + name and recipe["status"] == "ACTIVE" and recipe["description"]
    times(recipe)
    algorithm = aws.personalize.describe_algorithm(algorithmArn=recipe["algorithmArn"])["algorithm"]
    arn = recipe["featureTransformationArn"]
    features = aws.personalize.describe_feature_transformation(featureTransformationArn=arn)["featureTransformation"]
    assert algorithm["algorithmArn"] == recipe["algorithmArn"] == "arn:aws:personalize:::algorithm/" + algorithm["name"]
    assert features["featureTransformationArn"] == arn == "arn:aws:personalize:::feature-transformation/" + features["name"]
    assert features["status"] == "ACTIVE"
    assert set(algorithm["defaultResourceConfig"]) == {"maxNumberOfTrainingJobs", "maxParallelTrainingJobs"}
    times(algorithm)
    times(features)
    if name in CUSTOM:
        kind, parameters, features_name, defaults = CUSTOM[name]
        assert recipe["recipeType"] == kind
        assert algorithm["name"] == {"aws-trending-now": "aws-trending-now-custom"}.get(name, name)
        assert algorithm["defaultHyperParameters"] == {p: values[0] for p, values in parameters.items()}
        assert ranges(algorithm) == {p: values[1:] for p, values in parameters.items()}
        assert features["name"] == features_name or not features_name
        assert features["defaultParameters"] == defaults


def ranges(algorithm):
    """A hyperparameter's least and most, or its values, and whether HPO takes it."""
    found = algorithm["defaultHyperParameterRanges"]
    out = {}
    for kind in ("integer", "continuous"):
        for r in found.get(kind + "HyperParameterRanges", []):
            out[r["name"]] = (r["minValue"], r["maxValue"], r["isTunable"])
    for r in found.get("categoricalHyperParameterRanges", []):
        out[r["name"]] = (" ".join(r["values"]), r["isTunable"])
    return out


@pytest.mark.parametrize("name", [*USE_CASES, "aws-hrnn", "aws-hrnn-metadata", "aws-hrnn-coldstart"])
def test_without_solutions(aws, shop, name):
    """Use cases are for recommenders, and Amazon has withdrawn some recipes."""
    with refused("InvalidInputException", name):
        aws.personalize.create_solution(name="never", datasetGroupArn=shop.group, recipeArn=RECIPE + name)
