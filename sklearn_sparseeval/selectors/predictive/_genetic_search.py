"""A genetic algorithm over sets of a fixed number of items."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
Indices = NDArray[np.intp]


class Population(NamedTuple):
    """Sets of items, the best first."""

    sets: Indices  # (n_sets, n_anchors)
    errors: Array  # (n_sets,)


class Breeding(NamedTuple):
    """How one generation comes from the last."""

    size: int  # sets
    n_elite: int  # of them, the best, live on as they are
    tournament_size: int  # sets that a parent is the best of
    mutation_rate: float  # chance of an item to enter or leave a child


def evolve(
    errors_of: Callable[[Indices], Array],
    pool: Indices,
    n_anchors: int,
    breeding: Breeding,
    rng: np.random.RandomState,
) -> Iterator[Population]:
    """Yield one generation after another, without end.

    Parameters
    ----------
    errors_of : callable
        Takes sets of items, (n_sets, n_anchors), and returns their errors.
    pool : ndarray of shape (n_items,)
        The items that sets are made of.
    n_anchors : int
        Items in a set, at most as many as in the pool.
    breeding : Breeding
        How to breed.
    rng : RandomState
        Source of chance.

    Yields
    ------
    population : Population
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


class GeneticSearch:
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
        self, pool: Indices, breeding: Breeding, n_generations: int
    ) -> tuple[Population, float]:
        """Search in a pool of items.

        Parameters
        ----------
        pool : ndarray of shape (n_items,)
            The items that sets are made of, rising.
        breeding : Breeding
            How to breed.
        n_generations : int
            How many generations after the first.

        Returns
        -------
        last : Population
            The last generation.
        error : float
            The least error of all generations.
        """
        least = np.inf
        generations = evolve(self._errors_of, pool, self.n_anchors, breeding, self._rng)
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


def _population(
    errors_of: Callable[[Indices], Array], pool: Indices, masks: NDArray[np.bool_]
) -> Population:
    sets = pool[np.nonzero(masks)[1].reshape(len(masks), -1)]
    return _sorted(sets, errors_of(sets))


def _sorted(sets: Indices, errors: Array) -> Population:
    order = np.argsort(errors, kind="stable")
    return Population(sets[order], errors[order])


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
