"""GetSolutionMetrics of every recipe."""

import pytest

KEYS = ["coverage", "mean_reciprocal_rank_at_25"] + [
    f"{name}_at_{k}" for name in ("normalized_discounted_cumulative_gain", "precision") for k in (5, 10, 25)
]


@pytest.mark.parametrize(
    "recipe",
    """aws-personalized-ranking aws-personalized-ranking-v2 aws-popularity-count aws-similar-items aws-sims aws-trending-now
    aws-user-personalization aws-user-personalization-v2""".split(),
)
def test_metrics(aws, shop, recipe):
    """All that Amazon documents and nothing else, in the order of the names, from
    0 to 1 with four digits."""
    v = shop.version(recipe)
    answer = aws.personalize.get_solution_metrics(solutionVersionArn=v)
    assert answer["solutionVersionArn"] == v
    metrics = answer["metrics"]
    assert list(metrics) == sorted(KEYS + ["trend_prediction_accuracy"] * (recipe == "aws-trending-now"))
    for name, value in metrics.items():
        assert 0 <= value <= 1 and value == round(value, 4), name
    assert metrics["coverage"] > 0 and metrics["mean_reciprocal_rank_at_25"] > 0
    assert metrics["normalized_discounted_cumulative_gain_at_25"] >= metrics["normalized_discounted_cumulative_gain_at_5"]
