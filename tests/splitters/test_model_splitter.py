"""What every split over models promises to scikit-learn and to its users."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.linear_model import Ridge
from sklearn.model_selection import (
    BaseCrossValidator,
    GridSearchCV,
    ShuffleSplit,
    check_cv,
    cross_validate,
)

from sklearn_sparseeval import splitters
from sklearn_sparseeval.datasets import load_helm_lite
from sklearn_sparseeval.splitters import (
    ChronologicalSplit,
    FamilyShuffleSplit,
    RepeatedGroupKFold,
    StrengthSplit,
)

N_MODELS = 40
RNG = np.random.default_rng(0)
X = (RNG.random((N_MODELS, 12)) < RNG.random((N_MODELS, 1))).astype(float)
Y = X.mean(axis=1)
FAMILIES = np.array([f"family {number}" for number in RNG.integers(8, size=N_MODELS)])
DATES = np.datetime64("2024-01-01") + RNG.integers(25, size=N_MODELS)

WITH_GROUPS = [
    (ChronologicalSplit(3), DATES),
    (ChronologicalSplit(cutoff="2024-01-15"), DATES),
    (FamilyShuffleSplit(4, random_state=0), FAMILIES),
    (RepeatedGroupKFold(3, n_repeats=2, random_state=0), FAMILIES),
]
ALL = [
    (StrengthSplit(5, random_state=0), None),
    (StrengthSplit(1, bootstrap=False), None),
    *WITH_GROUPS,
]
WITH_GROUPS_IDS = ["dates", "cutoff", "families", "folds"]
ALL_IDS = ["strength", "strength of all", *WITH_GROUPS_IDS]
every_splitter = pytest.mark.parametrize(("cv", "groups"), ALL, ids=ALL_IDS)
every_splitter_with_groups = pytest.mark.parametrize(
    ("cv", "groups"), WITH_GROUPS, ids=WITH_GROUPS_IDS
)
every_seeded_splitter = pytest.mark.parametrize(
    ("splitter", "groups"),
    [(StrengthSplit, None), (FamilyShuffleSplit, FAMILIES), (RepeatedGroupKFold, FAMILIES)],
    ids=["strength", "families", "folds"],
)


def _splits(cv, groups, X=X, y=Y):
    return [(train.tolist(), test.tolist()) for train, test in cv.split(X, y, groups)]


@every_splitter
def test_sides_are_ascending_row_numbers_without_overlap(cv, groups):
    splits = list(cv.split(X, Y, groups))
    assert len(splits) == cv.get_n_splits(X, Y, groups) == cv.get_n_splits()
    assert type(cv.get_n_splits()) is int
    for train, test in splits:
        assert train.dtype == test.dtype == np.intp
        assert len(train) > 0
        assert len(test) > 0
        assert (np.diff(np.concatenate([train, [N_MODELS]])) > 0).all()
        assert (np.diff(np.concatenate([test, [N_MODELS]])) > 0).all()
        assert not set(train) & set(test)


@every_splitter
def test_copies_split_alike(cv, groups):
    assert isinstance(cv, BaseCrossValidator)
    assert check_cv(cv) is cv
    copies = [
        copy.copy(cv),
        copy.deepcopy(cv),
        clone(cv, safe=False),
        pickle.loads(pickle.dumps(cv)),
        eval(repr(cv)),
    ]
    for other in copies:
        assert repr(other) == repr(cv)
        assert _splits(other, groups) == _splits(cv, groups)


@pytest.mark.parametrize(
    ("cv", "expected"),
    [
        (
            StrengthSplit(3, target_share=0.2, random_state=1),
            "StrengthSplit(bootstrap=True, n_splits=3, random_state=1, source_share=0.5, "
            "target_share=0.2)",
        ),
        (ChronologicalSplit(), "ChronologicalSplit(cutoff=None, n_splits=None)"),
        (
            FamilyShuffleSplit(),
            "FamilyShuffleSplit(n_splits=10, random_state=None, test_size=0.25)",
        ),
        (RepeatedGroupKFold(), "RepeatedGroupKFold(n_repeats=10, n_splits=5, random_state=None)"),
    ],
    ids=lambda value: "" if isinstance(value, str) else type(value).__name__,
)
def test_repr(cv, expected):
    assert " ".join(repr(cv).split()) == expected  # long ones are wrapped


@every_splitter
def test_pandas_input_is_welcome(cv, groups):
    index = [f"model {number}" for number in range(N_MODELS)][::-1]
    frame, series = pd.DataFrame(X, index=index), pd.Series(Y, index=index)
    labels = None if groups is None else pd.Series(groups, index=index)
    assert _splits(cv, labels, frame, series) == _splits(cv, groups)
    assert _splits(cv, groups, X.tolist(), Y.tolist()) == _splits(cv, groups)


@every_seeded_splitter
def test_an_integer_seed_gives_the_same_splits_at_each_call(splitter, groups):
    cv = splitter(random_state=7)
    assert _splits(cv, groups) == _splits(cv, groups) == _splits(splitter(random_state=7), groups)
    assert _splits(cv, groups) != _splits(splitter(random_state=8), groups)


@every_seeded_splitter
def test_without_a_seed_the_splits_differ(splitter, groups):
    cv = splitter()
    assert _splits(cv, groups) != _splits(cv, groups)


@every_seeded_splitter
def test_a_generator_goes_on_and_the_global_state_is_left_alone(splitter, groups):
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    cv = splitter(random_state=np.random.RandomState(7))
    first, second = _splits(cv, groups), _splits(cv, groups)
    assert first == _splits(splitter(random_state=7), groups)
    assert first != second
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


@every_seeded_splitter
def test_the_splits_of_one_seed_differ_among_themselves(splitter, groups):
    targets = {tuple(test) for _, test in _splits(splitter(random_state=0), groups)}
    assert len(targets) > 5


@pytest.mark.parametrize(
    "make",
    [
        lambda: StrengthSplit(0),
        lambda: StrengthSplit(2.5),
        lambda: StrengthSplit(bootstrap="yes"),
        lambda: StrengthSplit(random_state="seed"),
        lambda: StrengthSplit(source_share=0),
        lambda: StrengthSplit(target_share=1.0),
        lambda: ChronologicalSplit(0),
        lambda: ChronologicalSplit("5"),
        lambda: FamilyShuffleSplit(0),
        lambda: FamilyShuffleSplit(test_size=0),
        lambda: FamilyShuffleSplit(test_size=1.5),
        lambda: FamilyShuffleSplit(test_size=-1),
        lambda: FamilyShuffleSplit(random_state=-1.5),
        lambda: RepeatedGroupKFold(1),
        lambda: RepeatedGroupKFold(n_repeats=0),
        lambda: RepeatedGroupKFold(random_state="seed"),
    ],
    ids=range(16),
)
def test_parameters_are_checked_when_they_are_given(make):
    with pytest.raises(ValueError, match=r"The '\w+' parameter of \w+\.__init__ must be .* Got "):
        make()


@every_splitter_with_groups
def test_groups_are_asked_for(cv, groups):
    message = f"{type(cv).__name__} needs the .* of each model, but groups is None. Pass groups="
    with pytest.raises(ValueError, match=message):
        next(cv.split(X, Y))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        next(cv.split(X, Y, groups[:-1]))


@every_splitter
def test_cross_validate(cv, groups):
    results = cross_validate(
        Ridge(), X, Y, cv=cv, groups=groups, scoring="neg_mean_absolute_error", return_indices=True
    )
    assert len(results["test_score"]) == cv.get_n_splits()
    for train, test, error, (sources, targets) in zip(
        results["indices"]["train"],
        results["indices"]["test"],
        results["test_score"],
        cv.split(X, Y, groups),
        strict=True,
    ):
        assert train.tolist() == sources.tolist()
        assert test.tolist() == targets.tolist()
        predicted = Ridge().fit(X[sources], Y[sources]).predict(X[targets])
        assert error == pytest.approx(-np.abs(predicted - Y[targets]).mean())


@every_splitter
def test_grid_search(cv, groups):
    search = GridSearchCV(Ridge(), {"alpha": [0.1, 10]}, cv=cv).fit(X, Y, groups=groups)
    assert search.n_splits_ == cv.get_n_splits()
    scores = [
        cross_validate(Ridge(alpha), X, Y, cv=cv, groups=groups)["test_score"].mean()
        for alpha in (0.1, 10)
    ]
    assert search.cv_results_["mean_test_score"] == pytest.approx(scores)


@every_splitter_with_groups
def test_groups_are_routed(cv, groups):
    expected = cross_validate(Ridge(), X, Y, cv=cv, groups=groups)["test_score"]
    with config_context(enable_metadata_routing=True):
        routed = cross_validate(Ridge(), X, Y, cv=cv, params={"groups": groups})
        search = GridSearchCV(Ridge(), {"alpha": [1.0]}, cv=cv).fit(X, Y, groups=groups)
    assert routed["test_score"] == pytest.approx(expected)
    assert search.best_score_ == pytest.approx(expected.mean())


@pytest.mark.slow
@every_splitter_with_groups
def test_groups_are_sliced_for_a_search_within_a_cross_validation(cv, groups):
    search = GridSearchCV(Ridge(), {"alpha": [0.01, 100]}, cv=cv)
    outer = ShuffleSplit(2, train_size=0.9, random_state=0)
    with config_context(enable_metadata_routing=True):
        nested = cross_validate(
            search, X, Y, cv=outer, params={"groups": groups}, return_estimator=True
        )
    for fitted, (rows, _) in zip(nested["estimator"], outer.split(X), strict=True):
        alone = GridSearchCV(Ridge(), search.param_grid, cv=cv)
        alone.fit(X[rows], Y[rows], groups=groups[rows])
        assert fitted.best_score_ == pytest.approx(alone.best_score_)


def test_strength_requests_no_groups():
    with (
        config_context(enable_metadata_routing=True),
        pytest.raises((TypeError, UnsetMetadataPassedError), match="groups"),
    ):
        cross_validate(Ridge(), X, Y, cv=StrengthSplit(), params={"groups": FAMILIES})


@pytest.mark.slow
def test_a_real_panel_by_family_in_a_search():
    gsm = load_helm_lite(task="gsm", as_frame=True)
    cv = RepeatedGroupKFold(n_splits=4, n_repeats=2, random_state=0)
    search = GridSearchCV(
        Ridge(), {"alpha": [1, 10, 100]}, cv=cv, scoring="neg_mean_absolute_error"
    )
    search.fit(gsm.data.iloc[:, :50], gsm.target, groups=gsm.families)
    assert 0.02 < -search.best_score_ < 0.08


def test_public_names():
    assert splitters.__all__ == sorted(splitters.__all__)
    for name in splitters.__all__:
        assert getattr(splitters, name).__name__ == name
