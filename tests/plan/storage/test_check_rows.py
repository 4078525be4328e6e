"""A loaded estimator is asked what it was asked when it was saved."""

from types import SimpleNamespace

import numpy as np
import pytest

from sklearn_sparseeval import PredictorError
from sklearn_sparseeval.plan import load_predictor
from sklearn_sparseeval.plan.storage._check_rows import check_predictions, predictions_for_check


def mean_of(anchors):
    """An estimator that predicts the mean of its anchors."""
    return SimpleNamespace(
        anchors_=np.asarray(anchors), predict=lambda X: np.asarray(X)[:, anchors].mean(axis=1)
    )


def fields(n_items=6, targets=("overall",)):
    return {"items": range(n_items), "targets": list(targets), "observed_range": (1.0, 3.0)}


def test_rows_are_low_where_their_divisor_divides():
    found = predictions_for_check(mean_of([0, 1, 2]), 6, (1.0, 3.0))
    assert found.ravel().tolist() == pytest.approx([5 / 3, 7 / 3, 7 / 3])


def test_equal_predictions_pass_and_rounding_does(tmp_path):
    estimator = mean_of([0, 1, 2])
    expected = predictions_for_check(estimator, 6, (1.0, 3.0))
    check_predictions(tmp_path, estimator, fields(), expected + 1e-6, None)
    with pytest.raises(PredictorError, match=r"off by up to 0\.0001"):
        check_predictions(tmp_path, estimator, fields(), expected + 1e-4, None)


def test_a_constant_history_passes(tmp_path):
    estimator = mean_of([0, 1])
    expected = predictions_for_check(estimator, 6, (1.0, 1.0))
    constant = fields() | {"observed_range": (1.0, 1.0)}
    check_predictions(tmp_path, estimator, constant, expected, None)


@pytest.mark.parametrize(
    "anchors",
    [[[0, 1]], [0.0, 1.0], [], [-1, 0], [0, 6]],
    ids=["table", "floats", "none", "negative", "too-large"],
)
def test_anchors_have_to_be_numbers_of_items(anchors, tmp_path):
    estimator = mean_of([0, 1])
    expected = predictions_for_check(estimator, 6, (1.0, 3.0))
    estimator.anchors_ = np.asarray(anchors)
    with pytest.raises(PredictorError, match=r"is for other items|cannot predict"):
        check_predictions(tmp_path, estimator, fields(), expected, None)


def test_the_version_is_named_where_it_is_to_blame(forge):
    def older(described):
        described["versions"]["scikit-learn"] = "1.0.2"
        described["check"][0][0] += 1

    match = r"cannot be used: .* It was saved under scikit-learn 1\.0\.2, and this is 1.*Fit and"
    with pytest.raises(PredictorError, match=match):
        load_predictor(forge(description=older))


def test_warnings_of_an_estimator_do_not_get_out():
    def predict(X):
        return np.log(np.zeros(len(X))) * 0

    with pytest.raises(PredictorError, match="predicts a score that is not finite"):
        predictions_for_check(SimpleNamespace(predict=predict), 3, (0.0, 1.0))
