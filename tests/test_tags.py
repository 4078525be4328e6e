"""What estimators declare about anchors: kept through inheritance, and beside scikit-learn's."""

import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import Tags, get_tags
from sklearn.utils.validation import has_fit_parameter

import sklearn_sparseeval
from sklearn_sparseeval import AnchoredRegressor, AnchorTags, RandomSelector, TailoredSelector


class Weighted(RegressorMixin, BaseEstimator):
    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return AnchorTags(takes_anchor_weights=True).added_to(tags)


class WeightedWhole(Weighted):
    def __sklearn_tags__(self):
        tags = AnchorTags(reads_whole_rows=True).added_to(super().__sklearn_tags__())
        tags.non_deterministic = True
        return tags


def test_nothing_is_declared_by_default():
    class Plain(RegressorMixin, BaseEstimator):
        def fit(self, X, y, anchors=None, anchor_weights=None):
            return self

    assert AnchorTags.of(Plain()) == AnchorTags(False, False, False)


def test_a_subclass_adds_to_what_its_base_declares():
    assert AnchorTags.of(Weighted()) == AnchorTags(takes_anchor_weights=True)
    both = AnchorTags(reads_whole_rows=True, takes_anchor_weights=True)
    assert AnchorTags.of(WeightedWhole()) == both


def test_the_tags_of_scikit_learn_stay_as_they_are():
    tags = get_tags(WeightedWhole())
    assert isinstance(tags, Tags)
    assert tags.input_tags.allow_nan
    assert tags.non_deterministic
    assert tags.estimator_type == "regressor"
    assert tags.target_tags.required


@pytest.mark.parametrize(
    "name", [name for name in sklearn_sparseeval.__all__ if name.endswith("Regressor")]
)
def test_our_regressors_declare_what_their_fit_takes(name):
    regressor = getattr(sklearn_sparseeval, name)
    if name == "AnchoredRegressor":
        regressor = regressor(RandomSelector(), sklearn_sparseeval.WeightedMeanRegressor())
    else:
        regressor = regressor()
    declared = AnchorTags.of(regressor)
    assert declared.reads_whole_rows == has_fit_parameter(regressor, "anchors")
    assert declared.takes_anchor_weights == has_fit_parameter(regressor, "anchor_weights")


@pytest.mark.parametrize(
    ("regressor", "own"), [("ImputedScoreRegressor", True), ("WeightedMeanRegressor", False)]
)
def test_anchors_differ_by_model_where_selector_and_regressor_can(regressor, own):
    regressor = getattr(sklearn_sparseeval, regressor)()
    model = AnchoredRegressor(TailoredSelector(), regressor)
    assert AnchorTags.of(model).anchors_for_each_model == own
    model = AnchoredRegressor(RandomSelector(), regressor)
    assert not AnchorTags.of(model).anchors_for_each_model
