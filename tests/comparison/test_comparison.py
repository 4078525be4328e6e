"""The tables of a comparison, against hand-made results."""

import pickle

import numpy as np
import pandas as pd
import pytest
from _panels import NAN, Result
from scipy.stats import t

from sklearn_sparseeval.comparison import Comparison

ERRORS = {"a": [0.1, 0.2, 0.3], "b": [0.2, 0.2, 0.1], "c": [NAN, 0.1, 0.4]}
SPLITS = [(np.arange(2, 6), np.arange(2)), (np.arange(4), np.arange(4, 6))] * 2
Y = np.array([0.5, 0.6, 0.7, 0.8, 0.9, 1.0])


def comparison(errors=ERRORS, **options):
    results = [
        Result(
            method,
            10,
            split,
            {"neg_mean_absolute_error": -value, "bias": value - 0.15, "kendall_tau": 1 - value},
            fit_seconds=1.0 + split,
            predict_seconds=0.5,
            predicted=None if np.isnan(value) else [0.1, 0.2],
            error="RuntimeError: no luck" if np.isnan(value) else None,
        )
        for method, values in errors.items()
        for split, value in enumerate(values)
    ]
    given = {
        "y": Y,
        "splits": SPLITS[:3],
        "scorers": ["neg_mean_absolute_error", "bias", "kendall_tau"],
        "baseline": "a",
    }
    return Comparison(results, **given | options)


def column(name, metric="mean_absolute_error", **options):
    return comparison().summary(metric, **options).set_index("method")[name].to_dict()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mean", {"a": 0.2, "b": 0.5 / 3, "c": 0.25}),
        ("sd", {"a": 0.1, "b": 0.1 / 3**0.5, "c": 0.3 / 2**0.5}),
        ("difference", {"a": NAN, "b": -0.1 / 3, "c": 0.0}),  # c: splits 1 and 2 only
        ("average_rank", {"a": 5.5 / 3, "b": 5.5 / 3, "c": 7 / 3}),
        ("wins", {"a": 1, "b": 1, "c": 1}),
        ("n_splits", {"a": 3, "b": 3, "c": 2}),
        ("n_failed", {"a": 0, "b": 0, "c": 1}),
        ("fit_seconds", {"a": 2.0, "b": 2.0, "c": 2.0}),
        ("predict_seconds", {"a": 0.5, "b": 0.5, "c": 0.5}),
        ("n_anchors", {"a": 10, "b": 10, "c": 10}),
    ],
)
def test_the_summary_by_hand(name, expected):
    assert column(name) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_the_interval_is_the_corrected_one(level):
    # Two targets for four sources in every split.
    low, high = (
        column(f"difference_{end}", confidence_level=level)["b"] for end in ("low", "high")
    )
    differences = np.subtract(ERRORS["b"], ERRORS["a"])
    error = np.sqrt(np.var(differences, ddof=1) * (1 / 3 + 0.5))
    assert (low, high) == pytest.approx(t.interval(level, 2, np.mean(differences), error))


def test_another_baseline():
    differences = column("difference", baseline="b")
    assert differences == pytest.approx({"a": 0.1 / 3, "b": NAN, "c": 0.1}, nan_ok=True)


def test_more_is_better_for_a_rank_correlation():
    assert column("wins", "kendall_tau") == column("wins")
    assert column("average_rank", "kendall_tau") == pytest.approx(column("average_rank"))
    assert column("difference", "kendall_tau")["b"] == pytest.approx(0.1 / 3)


def test_of_the_bias_the_size_counts():
    # Biases a: -.05 .05 .15, b: .05 .05 -.05
    assert column("mean", "bias")["a"] == pytest.approx(0.05)
    assert column("difference", "bias")["b"] == pytest.approx(-0.1 / 3)
    # 0.05 three times for b; for a it is larger in the last split, and no more equal for rounding.
    assert column("average_rank", "bias")["b"] <= column("average_rank", "bias")["a"] + 1e-9


def test_the_summary_says_what_it_is_of():
    attrs = comparison().summary("bias", baseline="c", confidence_level=0.5).attrs
    assert attrs == {"metric": "bias", "baseline": "c", "confidence_level": 0.5}


@pytest.mark.parametrize(
    ("metric", "greater"),
    [("mean_absolute_error", False), ("kendall_tau", True), ("bias", False)],
)
def test_which_way_is_better(metric, greater):
    assert comparison().greater_is_better(metric) is greater


def test_the_best_never_failed():
    assert comparison({"c": [NAN, 0, 0], "b": [0.2, 0.2, 0.2]}, baseline="b").best() == "b"
    with pytest.raises(ValueError, match="With n_anchors=10 every method failed in some split"):
        comparison({"a": [NAN, 0, 0]}).best()


def test_the_best_has_the_best_mean():
    made = comparison({"a": [0.1, 0.1, 0.9], "b": [0.2, 0.2, 0.2]})
    assert [made.best(metric) for metric in made.metrics] == ["b", "b", "b"]
    undefined = comparison({"a": [0.1, 0.1, 0.1]})
    for result in undefined.results:
        result.scores["kendall_tau"] = NAN
    with pytest.raises(ValueError, match="kendall_tau is undefined"):
        undefined.best("kendall_tau")


def test_failures():
    failures = comparison().failures()
    assert failures.to_dict("records") == [
        {"method": "c", "n_anchors": 10, "split": 0, "error": "RuntimeError: no luck"}
    ]
    assert list(comparison({"a": [0, 0, 0]}).failures()) == list(failures)


def test_predictions():
    names, families = list("uvwxyz"), np.array(["f", "f", "g", "g", "h", "h"])
    predictions = comparison(groups=families, model_names=names).predictions()
    assert len(predictions) == 8 * 2
    first = predictions[predictions["method"] == "c"].iloc[0].to_dict()
    assert first == {
        "method": "c", "n_anchors": 10, "split": 1, "model": "y", "family": "h", "y_true": 0.9,
        "y_pred": 0.1,
    }  # fmt: skip
    assert comparison().predictions()["family"].isna().all()
    assert comparison().predictions()["model"].iloc[0] == 0


def test_predictions_of_nothing():
    predictions = comparison({"a": [NAN, NAN, NAN]}).predictions()
    assert predictions.empty
    assert list(predictions) == list(comparison().predictions())


def test_ceilings_are_handed_on():
    made = comparison(ceilings={"kendall_tau": 0.9})
    assert made.noise_ceiling("kendall_tau") == 0.9
    assert made.noise_ceiling("bias") is None


def test_it_describes_itself():
    assert repr(comparison()) == (
        "Comparison of 3 methods, n_anchors [10], 3 splits; baseline 'a'; 1 fits failed"
    )


def test_it_pickles():
    copy = pickle.loads(pickle.dumps(comparison()))
    pd.testing.assert_frame_equal(copy.frame(), comparison().frame())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda c: c.summary("accuracy"), "metric='accuracy' is not in this comparison; it has"),
        (lambda c: c.summary(baseline="z"), "baseline='z' is not in this comparison; it has a, b"),
        (lambda c: c.summary(confidence_level=95), "confidence_level=95 is not between 0 and 1"),
        (lambda c: c.best(n_anchors=50), "n_anchors=50 is not in this comparison; it has 10"),
        (lambda c: c.greater_is_better("x"), "metric='x'"),
        (lambda c: c.noise_ceiling("x"), "metric='x'"),
    ],
    ids=["metric", "baseline", "level", "budget", "direction", "ceiling"],
)
def test_unknown_names_are_refused_with_the_known_ones(call, message):
    with pytest.raises(ValueError, match=message):
        call(comparison())
