"""Anchors bred by a genetic algorithm, then by groups of items that proved their worth."""

from collections.abc import Callable, Iterator
from numbers import Integral, Real
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from sklearn_sparseeval._sklearn import Interval, RealNotInt, StrOptions
from sklearn_sparseeval.base import AnchorSelector
from sklearn_sparseeval.numerics.ridge import fit_ridge
from sklearn_sparseeval.numerics.row_identity import MergedRows, distinct_models
from sklearn_sparseeval.numerics.score_scale import centred
from sklearn_sparseeval.numerics.threads import one_thread
from sklearn_sparseeval.selectors.predictive._calibration_error import CalibrationError

Array = NDArray[np.floating]
Indices = NDArray[np.intp]

# A search in a group of items has so large a share of the sets, at least so many, and so large a
# share of the generations.
_GROUP_SETS, _LEAST_GROUP_SETS, _GROUP_GENERATIONS = 0.3, 60, 0.5

_BLOCK = 256  # items whose correlations are formed at once


class _Population(NamedTuple):
    """Sets of items, the best first."""

    sets: Indices  # (n_sets, n_anchors)
    errors: Array  # (n_sets,)


class _Breeding(NamedTuple):
    """How one generation comes from the last."""

    size: int  # sets
    n_elite: int  # of them, the best, live on as they are
    tournament_size: int  # sets that a parent is the best of
    mutation_rate: float  # chance of an item to enter or leave a child


class _GeneticSearch:
    """Searches in several pools, one after another, that remember the best set of all.

    Parameters
    ----------
    errors_of : callable
        Takes sets of items, (n_sets, n_anchors), and returns their errors.
    n_anchors : int
        Items in a set.
    rng : RandomState
        Source of chance.
    report : callable
        Told the best set after each generation; a true answer ends all searches.

    Attributes
    ----------
    best : ndarray of shape (n_anchors,)
        The best set.
    error_curve : list of float
        Least error so far after each generation.
    stopped : bool
        Whether `report` has ended the searches.
    """

    def __init__(
        self,
        errors_of: Callable[[Indices], Array],
        n_anchors: int,
        rng: np.random.RandomState,
        report: Callable[[Indices], bool],
    ) -> None:
        self._errors_of, self.n_anchors, self._rng = errors_of, n_anchors, rng
        self._report = report
        self.best: Indices = np.arange(0)
        self.error_curve: list[float] = []
        self.stopped = False

    def run(
        self, pool: Indices, breeding: _Breeding, n_generations: int
    ) -> tuple[_Population, float]:
        """Search in a pool of items.

        Parameters
        ----------
        pool : ndarray of shape (n_items,)
            The items that sets are made of, rising.
        breeding : _Breeding
            How to breed.
        n_generations : int
            How many generations after the first.

        Returns
        -------
        last : _Population
            The last generation.
        error : float
            The least error of all generations.
        """
        least = np.inf
        generations = _evolve(self._errors_of, pool, self.n_anchors, breeding, self._rng)
        for _, last in zip(range(n_generations + 1), generations, strict=False):
            error = float(last.errors[0])
            least = min(least, error)
            if not self.error_curve or error < self.error_curve[-1]:
                self.best = last.sets[0]
            self.error_curve.append(min([error, *self.error_curve[-1:]]))
            if self._report(self.best):
                self.stopped = True
                break
        return last, least


class GeneticSelector(AnchorSelector):
    """Breed sets of items whose mean, put through a smooth curve, predicts the benchmark score.

    As in EssenceBench, items that others already stand for are left out first. A genetic algorithm
    then crosses and mutates sets of `n_anchors` items. Finally a regression says which items the
    best sets owe their error to, and the search goes on in groups of items of high worth, of low
    worth and of a random choice.

    Parameters
    ----------
    n_anchors : int or float, default=0.1
        How many items to choose. An int is the number itself; a float between 0 and 1 is a share
        of all items, rounded, at least one item.
    population_size : int, default=200
        Number of sets in a generation, 2 or more.
    n_generations : int, default=300
        Number of generations after the first; in each group of items half as many. The paper has
        1,000.
    n_elite : int, default=20
        Number of the best sets that live on as they are, fewer than `population_size`.
    tournament_size : int, default=3
        A parent is the best of so many sets drawn at random.
    mutation_rate : "auto" or float, default="auto"
        Chance of each item to enter or leave a child, after which items are drawn to enter or
        leave until there are `n_anchors` again. "auto" is 1 / n_anchors.
    n_rounds : int, default=2
        How often the search goes on in groups of items, 0 or more.
    group_share : float, default=0.75
        Share of the items of the pool that are in each group, between 0 and 1.
    max_correlation : float, default=0.95
        An item is left out if its correlation with an earlier one, over the source models, is
        larger. 1 leaves none out but items on which all models score alike.
    missing_anchors : {"raise", "keep"}, default="raise"
        What `transform` does when a row has no result (NaN) on an anchor: "raise" a ValueError
        that names the items, unless the source models had missing results there too, or "keep"
        the NaN for an imputer behind the selector.
    random_state : int, RandomState instance or None, default=None
        Seeds the search.

    Attributes
    ----------
    anchors_ : ndarray of shape (n_anchors,)
        Column indices of the chosen items, those that the score depends on most first. Not
        nested.
    best_error_ : float
        Root mean squared leave-one-out error of the chosen set, in the units of the scores. It is
        the least of a great many: new models are predicted less well.
    error_curve_ : list of float
        Least error so far after each generation, those of the groups included.
    pool_ : ndarray of shape (n_pool,)
        Column indices of the items that were not left out as redundant.
    n_features_in_ : int
        Number of items seen during :term:`fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the items. Defined only when `X` has feature names that are all strings.

    See Also
    --------
    CalibratedMeanRegressor : The estimate that these anchors are chosen for.
    RandomSearchSelector : Draws sets instead of breeding them.

    Notes
    -----
    A set's error is the leave-one-out error, in closed form, of a cubic regression of the scores
    on the mean over its items; with fewer than 15 models the power is lower, one for five
    models. For several tasks errors are averaged as squares.

    An item's worth is the mean absolute contribution ``|coef| * |x - mean(x)|`` to a ridge
    regression on a set's items, averaged over the sets of the last generation that have the item,
    0 if none has. After each round the group with the best set is the pool of the next, and the
    set with the least error of all is kept.

    A missing result (NaN) in the history counts as the item's weighted mean. Items without any
    result are never chosen. Where fewer than `n_anchors` items are not redundant, the least
    redundant of the others are in the pool too, constant items last.

    It departs from the paper in these points. The paper sets models aside for validation, and
    the released code fits the curve to the mean over all items once and applies it to any subset;
    here every set has a curve of its own and every model is predicted from the others, as a few
    validation models are soon learnt by heart by a million sets. The worth of items comes from a
    ridge regression, which for scores of 0 and 1 is what the additive model of the paper is: one
    term per item. Similarity of the items' texts is not used, as there are no texts.

    References
    ----------
    .. [1] "EssenceBench", ICLR 2026, arXiv:2510.10457.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_sparseeval import CalibratedMeanRegressor, GeneticSelector
    >>> from sklearn_sparseeval.datasets import load_open_llm
    >>> X, y = load_open_llm(task="arc_challenge", return_X_y=True)
    >>> selector = GeneticSelector(n_anchors=50, n_generations=50, n_rounds=1, random_state=0)
    >>> model = make_pipeline(selector, CalibratedMeanRegressor()).fit(X[::2], y[::2])
    >>> bool(abs(model.predict(X[1::2]) - y[1::2]).mean() < 0.03)
    True
    """

    _parameter_constraints: dict[str, list[Any]] = {
        **AnchorSelector._parameter_constraints,
        "population_size": [Interval(Integral, 2, None, closed="left")],
        "n_generations": [Interval(Integral, 0, None, closed="left")],
        "n_elite": [Interval(Integral, 0, None, closed="left")],
        "tournament_size": [Interval(Integral, 1, None, closed="left")],
        "mutation_rate": [StrOptions({"auto"}), Interval(Real, 0, 1, closed="both")],
        "n_rounds": [Interval(Integral, 0, None, closed="left")],
        "group_share": [Interval(RealNotInt, 0, 1, closed="neither")],
        "max_correlation": [Interval(Real, 0, 1, closed="both")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        n_anchors: int | float = 0.1,
        *,
        population_size: int = 200,
        n_generations: int = 300,
        n_elite: int = 20,
        tournament_size: int = 3,
        mutation_rate: float | str = "auto",
        n_rounds: int = 2,
        group_share: float = 0.75,
        max_correlation: float = 0.95,
        missing_anchors: str = "raise",
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.n_anchors = n_anchors
        self.population_size = population_size
        self.n_generations = n_generations
        self.n_elite = n_elite
        self.tournament_size = tournament_size
        self.mutation_rate = mutation_rate
        self.n_rounds = n_rounds
        self.group_share = group_share
        self.max_correlation = max_correlation
        self.missing_anchors = missing_anchors
        self.random_state = random_state

    def _choose_anchors(self, X: Array, y: Array, sample_weight: Array, n_anchors: int) -> Indices:
        if self.n_elite >= self.population_size:
            raise ValueError(
                f"n_elite={self.n_elite} must be less than population_size="
                f"{self.population_size}: no set would be left to breed."
            )
        rng = check_random_state(self.random_state)
        candidates = np.flatnonzero(~np.isnan(X).all(axis=0))
        rows = distinct_models(X[:, candidates], y, sample_weight)
        context = self._init_callback_context(max_subtasks=None)
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)

        def report(best: Indices) -> bool:
            task = context.subcontext(task_name="generation")
            task.call_on_fit_task_begin(estimator=self, X=X, y=y)
            attributes = {"anchors_": candidates[best]}
            return bool(
                task.call_on_fit_task_end(
                    estimator=self, X=X, y=y, reconstruction_attributes=lambda: attributes
                )
            )

        with one_thread():  # which set is better must not depend on the machine
            root = np.sqrt(rows.weight)[:, np.newaxis]
            scores = root * centred(rows.X, rows.weight)
            pool = _without_redundant_items(scores, self.max_correlation, n_anchors)
            search = _GeneticSearch(CalibrationError(rows), n_anchors, rng, report)
            self._search(search, pool, rows, rng)
            worth = _worth(rows, search.best[np.newaxis])[search.best]
        self.error_curve_ = search.error_curve
        self.best_error_ = search.error_curve[-1]
        self.pool_ = candidates[pool]
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return np.asarray(candidates[search.best[np.argsort(-worth, kind="stable")]])

    def _search(
        self, search: _GeneticSearch, pool: Indices, rows: MergedRows, rng: np.random.RandomState
    ) -> None:
        """Search in the pool, then in groups of its items, then in groups of the best group's."""
        n_anchors = search.n_anchors
        rate = 1 / n_anchors if isinstance(self.mutation_rate, str) else float(self.mutation_rate)
        breeding = _Breeding(self.population_size, self.n_elite, self.tournament_size, rate)
        n_sets = min(breeding.size, max(_LEAST_GROUP_SETS, round(_GROUP_SETS * breeding.size)))
        n_elite = round(breeding.n_elite * n_sets / breeding.size)
        in_group = breeding._replace(size=n_sets, n_elite=n_elite)
        n_generations = int(_GROUP_GENERATIONS * self.n_generations)
        last, _ = search.run(pool, breeding, self.n_generations)
        for _ in range(self.n_rounds):
            n_items = max(n_anchors, round(self.group_share * len(pool)))
            worth = _worth(rows, last.sets)[pool]
            rank = np.argsort(-worth, kind="stable")
            groups = (rank[:n_items], rank[-n_items:], rng.permutation(len(pool))[:n_items])
            found = []
            for group in groups:
                if search.stopped:
                    return
                items = np.sort(pool[group])
                last, error = search.run(items, in_group, n_generations)
                found.append((error, items, last))
            _, pool, last = min(found, key=itemgetter(0))


def _worth(rows: MergedRows, sets: Indices) -> Array:
    """Return the mean absolute contribution of each item to ridge regressions on sets of items."""
    total, count = np.zeros(rows.X.shape[1]), np.zeros(rows.X.shape[1])
    share = rows.weight / rows.weight.sum()
    for items in np.unique(sets, axis=0):
        results = rows.X[:, items]
        coef = fit_ridge(results, rows.y, rows.weight).coef
        size = share @ np.abs(results - share @ results)
        total[items] += np.abs(coef).sum(axis=1) * size
        count[items] += 1
    return total / np.maximum(count, 1)


def _without_redundant_items(scores: Array, max_correlation: float, n_least: int) -> Indices:
    """Keep the items that no kept earlier one is correlated with too closely.

    Parameters
    ----------
    scores : ndarray of shape (n_models, n_items)
        Centred items, each row times the root of its weight; constant items are zero.
    max_correlation : float
        Largest correlation of two kept items.
    n_least : int
        How many items to keep at least, at most as many as there are.

    Returns
    -------
    items : ndarray of shape (n_kept,)
        Rising column indices. Constant items are not among them, unless there are not `n_least`
        others: then items come back, the least redundant first and constant ones last.
    """
    length = np.sqrt((scores**2).sum(axis=0))
    varies = length > 0
    directions = scores / np.where(varies, length, 1)
    redundancy = np.where(varies, -np.inf, np.inf)  # largest correlation with a kept earlier item
    kept = np.zeros(len(length), dtype=bool)
    for start in range(0, len(length), _BLOCK):
        block = np.arange(start, min(start + _BLOCK, len(length)))
        if kept.any():
            with_kept = directions[:, kept].T @ directions[:, block]
            redundancy[block] = np.maximum(redundancy[block], with_kept.max(axis=0))
        inside = directions[:, block].T @ directions[:, block]
        for position, item in enumerate(block):
            if redundancy[item] <= max_correlation:
                kept[item] = True
                later = block[position + 1 :]
                redundancy[later] = np.maximum(redundancy[later], inside[position, position + 1 :])
    n_missing = n_least - int(kept.sum())
    if n_missing > 0:
        dropped = np.flatnonzero(~kept)
        closeness = np.round(redundancy[dropped], 10)  # that of copies is one, but for rounding
        kept[dropped[np.argsort(closeness, kind="stable")[:n_missing]]] = True
    return np.flatnonzero(kept)


def _evolve(
    errors_of: Callable[[Indices], Array],
    pool: Indices,
    n_anchors: int,
    breeding: _Breeding,
    rng: np.random.RandomState,
) -> Iterator[_Population]:
    """Yield one generation after another, without end.

    Parameters
    ----------
    errors_of : callable
        Takes sets of items, (n_sets, n_anchors), and returns their errors.
    pool : ndarray of shape (n_items,)
        The items that sets are made of.
    n_anchors : int
        Items in a set, at most as many as in the pool.
    breeding : _Breeding
        How to breed.
    rng : RandomState
        Source of chance.

    Yields
    ------
    population : _Population
        First random sets, then their descendants.
    """
    masks = _with_n_items(np.zeros((breeding.size, len(pool)), dtype=bool), n_anchors, rng)
    population = _population(errors_of, pool, masks)
    while True:
        yield population
        n_children = breeding.size - breeding.n_elite
        masks = _masks(population.sets, pool)
        # The sets are sorted: the best of those drawn is the one of the least number.
        draws = rng.randint(len(masks), size=(2, n_children, breeding.tournament_size))
        mothers, fathers = draws.min(axis=2)
        from_mother = rng.random_sample((n_children, len(pool))) < 0.5
        children = np.where(from_mother, masks[mothers], masks[fathers])
        children ^= rng.random_sample(children.shape) < breeding.mutation_rate
        young = _population(errors_of, pool, _with_n_items(children, n_anchors, rng))
        population = _sorted(
            np.concatenate([population.sets[: breeding.n_elite], young.sets]),
            np.concatenate([population.errors[: breeding.n_elite], young.errors]),
        )


def _population(
    errors_of: Callable[[Indices], Array], pool: Indices, masks: NDArray[np.bool_]
) -> _Population:
    sets = pool[np.nonzero(masks)[1].reshape(len(masks), -1)]
    return _sorted(sets, errors_of(sets))


def _sorted(sets: Indices, errors: Array) -> _Population:
    order = np.argsort(errors, kind="stable")
    return _Population(sets[order], errors[order])


def _masks(sets: Indices, pool: Indices) -> NDArray[np.bool_]:
    masks = np.zeros((len(sets), len(pool)), dtype=bool)
    np.put_along_axis(masks, np.searchsorted(pool, sets), True, axis=1)
    return masks


def _with_n_items(
    masks: NDArray[np.bool_], n_anchors: int, rng: np.random.RandomState
) -> NDArray[np.bool_]:
    """Take items out of masks that have too many, or put some in, at random."""
    # Items that are in come before those that are not, otherwise by lot.
    rank = masks + rng.random_sample(masks.shape)
    first = np.argpartition(-rank, n_anchors - 1, axis=1)[:, :n_anchors]
    repaired = np.zeros_like(masks)
    np.put_along_axis(repaired, first, True, axis=1)
    return repaired
