"""The battery passes for good selectors and catches each broken rule."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge
from sklearn.utils import check_random_state

from sklearn_sparseeval import (
    AnchorSelector,
    CollaborativeFilteringSelector,
    DisagreementSelector,
    FacilityLocationSelector,
    FisherInformationSelector,
    GeneticSelector,
    IRTSelector,
    ItemResponseModel,
    KCenterSelector,
    KMeansSelector,
    KMedoidsSelector,
    LassoSelector,
    RandomSearchSelector,
    RandomSelector,
    SparseEvalSelector,
    SparseRidgeSelector,
    StraightThroughSelector,
    StratifiedSelector,
    TailoredSelector,
)
from sklearn_sparseeval.estimator_checks import anchor_selector_checks, check_anchor_selector
from sklearn_sparseeval.selectors.predictive import _sparse_eval

pytestmark = pytest.mark.contract

CHECKS = {check.__name__: check for check in anchor_selector_checks()}


class HardestItemsSelector(AnchorSelector):
    """A good selector, which each of the broken ones below spoils in one way."""

    def __init__(self, n_anchors=0.1, *, missing_anchors="raise", random_state=None):
        self.n_anchors = n_anchors
        self.missing_anchors = missing_anchors
        self.random_state = random_state

    def _choose_anchors(self, X, y, sample_weight, n_anchors):
        return np.argsort(self._means(X, sample_weight), kind="stable")[:n_anchors]

    @staticmethod
    def _means(X, sample_weight):
        missing = np.isnan(X)
        counts = sample_weight @ ~missing
        sums = sample_weight @ np.where(missing, 0, X)
        return np.divide(sums, counts, out=np.full(X.shape[1], np.inf), where=counts > 0)


class WeightedSelector(HardestItemsSelector):
    """A good selector with weights: how hard each anchor is."""

    def _choose_anchors(self, X, y, sample_weight, n_anchors):
        anchors = super()._choose_anchors(X, y, sample_weight, n_anchors)
        self.anchor_weights_ = self._means(X, sample_weight)[anchors]
        return anchors


def _sparse_eval_selector(**params):
    return SparseEvalSelector(n_refinements=2, n_init=2, **params)


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
@pytest.mark.parametrize("proxy", ["linear", "ridge"])
def test_sparse_eval_passes(check, proxy, monkeypatch):
    if proxy == "linear":  # trained for fewer steps than by default, to save time
        monkeypatch.setattr(_sparse_eval, "_FIRST_STEPS", 40)
        monkeypatch.setattr(_sparse_eval, "_NEXT_STEPS", 10)
        check(_sparse_eval_selector(n_anchors=5, proxy="linear"))
    else:
        check(_sparse_eval_selector(proxy=Ridge(), importance="corrected", keep="best"))


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
@pytest.mark.parametrize(
    "selector",
    [
        SparseRidgeSelector(),
        SparseRidgeSelector(alpha=0.1, shrink_to_mean=0.0, missing_anchors="keep"),
        SparseRidgeSelector(shrink_to_mean=1.0, exchange=False),
        SparseRidgeSelector(strata="latent", exchange="once"),
        SparseRidgeSelector(strata="latent", quota=2),
        StraightThroughSelector(max_iter=20),
        RandomSelector(),
        StratifiedSelector(),
        StratifiedSelector(features="difficulty", allocation="equal"),
        KMeansSelector(),
        KMeansSelector(n_init=1, missing_anchors="keep"),
        KMedoidsSelector(),
        KMedoidsSelector(metric="euclidean", missing_anchors="keep"),
        KMedoidsSelector(metric="cosine"),
        KCenterSelector(),
        KCenterSelector(metric="correlation"),
        KCenterSelector(metric="cosine"),
        FacilityLocationSelector(),
        FacilityLocationSelector(metric="cosine", missing_anchors="keep"),
        FacilityLocationSelector(metric="correlation"),
        CollaborativeFilteringSelector(),
        *(
            DisagreementSelector(measure=measure)
            for measure in ("jensen-shannon", "entropy", "variance", "pds")
        ),
        LassoSelector(),
        RandomSearchSelector(n_candidates=20),
        RandomSearchSelector(n_candidates=20, criterion="mean"),
        GeneticSelector(population_size=20, n_generations=5, n_elite=2),
        GeneticSelector(population_size=10, n_generations=3, n_elite=0, n_rounds=0),
        IRTSelector(n_init=1),
        IRTSelector(
            item_response_model=ItemResponseModel(n_dimensions=2), n_init=1, missing_anchors="keep"
        ),
        FisherInformationSelector(),
        FisherInformationSelector(
            item_response_model=ItemResponseModel(n_dimensions=2), n_bins=3, missing_anchors="keep"
        ),
        TailoredSelector(),
        TailoredSelector(n_probes=1, n_neighbors=3),
    ],
    ids=lambda selector: repr(selector).replace(" ", ""),
)
def test_the_other_selectors_pass(selector, check):
    check(selector)


@pytest.mark.parametrize("selector", [HardestItemsSelector(), WeightedSelector(0.2)])
def test_good_selectors_pass(selector):
    params = selector.get_params()
    check_anchor_selector(selector)
    assert selector.get_params() == params
    assert not hasattr(selector, "anchors_")


def test_number_and_names_of_the_checks():
    assert len(CHECKS) == len(list(anchor_selector_checks())) == 25
    assert all(name.startswith("check_") for name in CHECKS)


def test_data_frame_checks_need_pandas(monkeypatch):
    monkeypatch.setattr("sklearn_sparseeval.estimator_checks._battery.find_spec", lambda name: None)
    names = {check.__name__ for check in anchor_selector_checks()}
    assert set(CHECKS) - names == {
        "check_missing_anchor_by_name",
        "check_inverse_transform_of_data_frame",
    }


# ---- one broken rule each ----


class Repeats(HardestItemsSelector):
    def _choose_anchors(self, X, y, sample_weight, n_anchors):
        anchors = super()._choose_anchors(X, y, sample_weight, n_anchors)
        anchors[-1] = anchors[0]
        return anchors


class TooFew(HardestItemsSelector):
    def _choose_anchors(self, X, y, sample_weight, n_anchors):
        return super()._choose_anchors(X, y, sample_weight, n_anchors)[:3]


class OtherSupport(HardestItemsSelector):
    def _get_support_mask(self):
        return np.arange(self.n_features_in_) < len(self.anchors_)


class RoundsUp(HardestItemsSelector):
    def _resolve_n_anchors(self, n_items, n_evaluated):
        if self.n_anchors < 1:
            return int(np.ceil(self.n_anchors * n_items))
        return super()._resolve_n_anchors(n_items, n_evaluated)


class TakesWhatThereIs(HardestItemsSelector):
    def _resolve_n_anchors(self, n_items, n_evaluated):
        n_anchors = self.n_anchors if self.n_anchors >= 1 else round(self.n_anchors * n_items)
        return min(max(n_anchors, 1), n_evaluated)


class NamesOneNumber(HardestItemsSelector):
    def _resolve_n_anchors(self, n_items, n_evaluated):
        try:
            return super()._resolve_n_anchors(n_items, n_evaluated)
        except ValueError:
            raise ValueError(f"n_anchors={self.n_anchors} is too many") from None


class DistinctItems(HardestItemsSelector):
    def _choose_anchors(self, X, y, sample_weight, n_anchors):
        means = self._means(X, sample_weight)
        return np.unique(means, return_index=True)[1][:n_anchors]


class AtMostTheRank(HardestItemsSelector):
    def _choose_anchors(self, X, y, sample_weight, n_anchors):
        anchors = super()._choose_anchors(X, y, sample_weight, n_anchors)
        return anchors[: np.linalg.matrix_rank(np.nan_to_num(X))]


class AtMostOnePerModel(HardestItemsSelector):
    def _choose_anchors(self, X, y, sample_weight, n_anchors):
        return super()._choose_anchors(X, y, sample_weight, n_anchors)[: len(X)]


class NeedsUnitRange(HardestItemsSelector):
    def _choose_anchors(self, X, y, sample_weight, n_anchors):
        anchors = super()._choose_anchors(X, y, sample_weight, n_anchors)
        return anchors if np.nanmin(X) >= 0 else anchors[:1]


class DoublePrecision(HardestItemsSelector):
    def _transform(self, X):
        return super()._transform(X).astype(np.float64)


class OneTask(HardestItemsSelector):
    def _choose_anchors(self, X, y, sample_weight, n_anchors):
        return super()._choose_anchors(X, y, sample_weight, n_anchors)[:: y.shape[1]]


class VectorsOnly(HardestItemsSelector):
    def fit(self, X, y=None, sample_weight=None):
        super().fit(X, y, sample_weight)
        if np.ndim(y) == 2 and np.shape(y)[1] == 1:
            self.anchors_ = self.anchors_[::-1]
        return self


class NegativeWeights(WeightedSelector):
    def _choose_anchors(self, X, y, sample_weight, n_anchors):
        anchors = super()._choose_anchors(X, y, sample_weight, n_anchors)
        self.anchor_weights_ = -self.anchor_weights_
        return anchors


class WeightsInItemOrder(WeightedSelector):
    """The bug of methods.md 1.2 e: anchors in one order, weights in another."""

    def _choose_anchors(self, X, y, sample_weight, n_anchors):
        anchors = super()._choose_anchors(X, y, sample_weight, n_anchors)
        self.anchor_weights_ = self.anchor_weights_[np.argsort(anchors)]
        return anchors


class TargetOfZeros(HardestItemsSelector):
    def _choose_anchors(self, X, y, sample_weight, n_anchors):
        missing_last = np.where(np.isnan(X).all(axis=0), np.inf, 0)
        distance = np.abs(np.nan_to_num(X) - y[:, :1])
        return np.argsort(sample_weight @ distance + missing_last, kind="stable")[:n_anchors]

    def _check_target(self, X, y, dtype):
        return np.zeros((len(X), 1)) if y is None else super()._check_target(X, y, dtype)


class FirstModelDecides(HardestItemsSelector):
    def _choose_anchors(self, X, y, sample_weight, n_anchors):
        return super()._choose_anchors(X[:1], y[:1], sample_weight[:1], n_anchors)


class IgnoresWeights(HardestItemsSelector):
    def _choose_anchors(self, X, y, sample_weight, n_anchors):
        return super()._choose_anchors(X, y, np.ones(len(X)), n_anchors)


class LooksAtRowsOfWeightZero(HardestItemsSelector):
    def fit(self, X, y=None, sample_weight=None):
        if sample_weight is not None:
            sample_weight = np.maximum(sample_weight, 1e-3)
        return super().fit(X, y, sample_weight)


class LooksAtTheRangeOfAllRows(HardestItemsSelector):
    """Leaks through a statistic, not through the choice itself."""

    def fit(self, X, y=None, sample_weight=None):
        super().fit(X, y, sample_weight)
        if np.nanmax(np.asarray(X, dtype=float)) > 10:
            self.anchors_ = self.anchors_[::-1]
        return self


class RemembersTheFirstFit(HardestItemsSelector):
    def _choose_anchors(self, X, y, sample_weight, n_anchors):
        anchors = super()._choose_anchors(X, y, sample_weight, n_anchors)
        if hasattr(self, "first_"):
            return self.first_
        self.first_ = anchors
        return anchors


class RemembersInTheClass(HardestItemsSelector):
    fits = 0

    def _choose_anchors(self, X, y, sample_weight, n_anchors):
        type(self).fits += 1
        anchors = super()._choose_anchors(X, y, sample_weight, n_anchors)
        return np.roll(anchors, type(self).fits)


class ForgetsTheOrder(HardestItemsSelector):
    def __setstate__(self, state):
        super().__setstate__({**state, "anchors_": np.sort(state["anchors_"])})


class ReadsGlobalState(HardestItemsSelector):
    def _choose_anchors(self, X, y, sample_weight, n_anchors):
        numpy_state = check_random_state(None)
        before = numpy_state.get_state()
        anchors = super()._choose_anchors(X, y, sample_weight, n_anchors)
        anchors = numpy_state.permutation(anchors)
        numpy_state.set_state(before)
        return anchors


class ChangesGlobalState(HardestItemsSelector):
    def _choose_anchors(self, X, y, sample_weight, n_anchors):
        check_random_state(None).rand()
        return super()._choose_anchors(X, y, sample_weight, n_anchors)


class RefusesNaN(HardestItemsSelector):
    def _choose_anchors(self, X, y, sample_weight, n_anchors):
        return np.argsort(np.nan_to_num(X).mean(axis=0))[: n_anchors - np.isnan(X).any()]


class ChoosesEmptyItems(HardestItemsSelector):
    def _choose_anchors(self, X, y, sample_weight, n_anchors):
        return np.argsort(sample_weight @ np.nan_to_num(X), kind="stable")[:n_anchors]


class AcceptsEmptyModels(HardestItemsSelector):
    def _check_evaluated(self, X, row_numbers):
        return ~np.isnan(X)


class ReadsOffTheAnchors(HardestItemsSelector):
    def _transform(self, X):
        if np.isnan(np.asarray(X)).any():
            raise ValueError("Input X contains NaN.")
        return super()._transform(X)


class HandsOnMissingAnchors(HardestItemsSelector):
    def _refuse_missing_anchors(self, X):
        pass


class NamesNoItem(HardestItemsSelector):
    def _refuse_missing_anchors(self, X):
        try:
            super()._refuse_missing_anchors(X)
        except ValueError:
            raise ValueError("Input X contains NaN.") from None


class NamesTheIndex(HardestItemsSelector):
    def _refuse_missing_anchors(self, X):
        try:
            super()._refuse_missing_anchors(X)
        except ValueError:
            raise ValueError(f"NaN on {self.anchors_.tolist()}") from None


class FillsZero(HardestItemsSelector):
    def inverse_transform(self, X):
        full = super().inverse_transform(X)
        return full.fillna(0) if isinstance(full, pd.DataFrame) else np.nan_to_num(full)


class InverseInOrderOfChoice(HardestItemsSelector):
    def inverse_transform(self, X):
        full = np.full((len(X), self.n_features_in_), np.nan)
        full[:, self.anchors_] = X
        return full


class LosesNames(HardestItemsSelector):
    def inverse_transform(self, X):
        return np.asarray(super().inverse_transform(X))


BROKEN = [
    (Repeats, "check_anchors", "must not repeat an item"),
    (TooFew, "check_anchors", r"anchors_ has shape \(3,\), expected \(4,\)"),
    (OtherSupport, "check_anchors", r"get_support\(indices=True\) is"),
    (RoundsUp, "check_fraction_of_items", r"anchors_ has shape \(\d,\), expected"),
    (TakesWhatThereIs, "check_more_anchors_than_items", "expected a ValueError, got none"),
    (NamesOneNumber, "check_more_anchors_than_items", r"must name \[9\], got"),
    (DistinctItems, "check_awkward_items", "anchors_ has shape"),
    (AtMostTheRank, "check_low_rank", "7 anchors of a rank-one matrix"),
    (AtMostOnePerModel, "check_few_models", "10 anchors from 2 models"),
    (NeedsUnitRange, "check_score_ranges", "negative scores"),
    (DoublePrecision, "check_float32", "returned float64"),
    (OneTask, "check_several_tasks", "y with two tasks"),
    (VectorsOnly, "check_several_tasks", r"y of shape \(n, 1\)"),
    (NegativeWeights, "check_anchor_weights", "4 finite numbers, not negative"),
    (WeightsInItemOrder, "check_anchor_weights", "not aligned with anchors_"),
    (TargetOfZeros, "check_default_target", "fit without y"),
    (FirstModelDecides, "check_row_order", "the models in another order"),
    (IgnoresWeights, "check_weights_are_repeated_rows", "instead of repeated rows"),
    (LooksAtRowsOfWeightZero, "check_weight_zero_is_no_row", "rows of weight zero"),
    (LooksAtTheRangeOfAllRows, "check_weight_zero_is_no_row", "far out of range"),
    (RemembersTheFirstFit, "check_refit", "a fit after a fit on other data"),
    (RemembersInTheClass, "check_refit", "a second fit with the same seed"),
    (ForgetsTheOrder, "check_pickle", "after pickle"),
    (ReadsGlobalState, "check_global_random_state", "another global random state"),
    (ChangesGlobalState, "check_global_random_state", "changed the global random state of numpy"),
    (RefusesNaN, "check_fit_with_missing_results", "a history with missing results"),
    (ChoosesEmptyItems, "check_fit_with_missing_results", "have no result, but were chosen"),
    (AcceptsEmptyModels, "check_model_without_results", "expected a ValueError, got none"),
    (HandsOnMissingAnchors, "check_missing_anchor", "expected a ValueError, got none"),
    (NamesNoItem, "check_missing_anchor", r"must name \[.*\], got 'Input X contains NaN"),
    (NamesTheIndex, "check_missing_anchor_by_name", r"must name \['question-"),
    (FillsZero, "check_inverse_transform", "must fill NaN"),
    (FillsZero, "check_inverse_transform_of_data_frame", "must fill NaN"),
    (InverseInOrderOfChoice, "check_pipeline_from_anchor_results", "pipeline.predict"),
    (LosesNames, "check_inverse_transform_of_data_frame", r"got columns \[\]"),
]


@pytest.mark.parametrize(
    ("broken", "check", "message"), BROKEN, ids=[f"{b.__name__}-{c}" for b, c, _ in BROKEN]
)
def test_broken_selector_is_caught(broken, check, message):
    with pytest.raises(AssertionError, match=message):
        CHECKS[check](broken())
    with pytest.raises(AssertionError):
        check_anchor_selector(broken())


def test_errors_of_the_selector_come_through():
    with pytest.raises(ValueError, match="Input X contains NaN"):
        CHECKS["check_missing_off_the_anchors"](ReadsOffTheAnchors())


def test_every_check_catches_something():
    caught = {check for _, check, _ in BROKEN} | {"check_missing_off_the_anchors"}
    assert caught == set(CHECKS)


def test_global_random_states_are_put_back():
    before = str(check_random_state(None).get_state())
    CHECKS["check_global_random_state"](HardestItemsSelector())
    with pytest.raises(AssertionError):
        CHECKS["check_global_random_state"](ChangesGlobalState())
    assert str(check_random_state(None).get_state()) == before
