"""The genetic algorithm on problems whose best set is known."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.utils import check_random_state

from sklearn_sparseeval.selectors.predictive._genetic_search import Breeding, GeneticSearch, evolve

POOL = np.array([1, 2, 3, 5, 8, 13, 21, 34, 55, 89])
BREEDING = Breeding(size=30, n_elite=3, tournament_size=3, mutation_rate=0.2)


def sums(sets):
    return sets.sum(axis=1).astype(float)


def generations(n, breeding=BREEDING, n_anchors=4, pool=POOL, errors_of=sums, seed=0):
    return [
        population
        for _, population in zip(
            range(n), evolve(errors_of, pool, n_anchors, breeding, check_random_state(seed)),
            strict=False,
        )
    ]  # fmt: skip


def search(errors_of=sums, report=lambda best: False, seed=0):
    return GeneticSearch(errors_of, 4, check_random_state(seed), report)


@pytest.mark.parametrize("n_anchors", [1, 4, 9, 10])
@pytest.mark.parametrize("mutation_rate", [0.0, 0.1, 1.0])
def test_every_set_has_so_many_items_of_the_pool(n_anchors, mutation_rate):
    for population in generations(6, BREEDING._replace(mutation_rate=mutation_rate), n_anchors):
        assert population.sets.shape == (30, n_anchors)
        assert set(population.sets.ravel()) <= set(POOL)
        assert all(len(set(items)) == n_anchors for items in population.sets)


def test_sets_have_their_own_errors_and_the_best_come_first():
    for population in generations(5):
        assert_array_equal(population.errors, sums(population.sets))
        assert (np.diff(population.errors) >= 0).all()


def test_the_elite_lives_on():
    for before, after in zip(generations(8)[:-1], generations(8)[1:], strict=True):
        best = {tuple(items) for items in before.sets[:3]}
        assert best <= {tuple(items) for items in after.sets}


def test_it_finds_the_best_set():
    assert_array_equal(generations(40)[-1].sets[0], [1, 2, 3, 5])


def test_a_large_tournament_takes_the_best_parent():
    breeding = Breeding(size=50, n_elite=1, tournament_size=2000, mutation_rate=0.0)
    first, second = generations(2, breeding)
    assert_array_equal(second.sets, np.tile(first.sets[0], (50, 1)))


@pytest.mark.parametrize("seed", [0, 7])
def test_the_same_seed_breeds_the_same(seed):
    one, two = generations(4, seed=seed)[-1], generations(4, seed=seed)[-1]
    assert_array_equal(one.sets, two.sets)


class TestSearch:
    def test_it_remembers_the_best_set_of_all_pools(self):
        searching = search()
        searching.run(POOL, BREEDING, 20)
        _, error = searching.run(POOL[4:], BREEDING, 20)
        assert error == sum([8, 13, 21, 34])
        assert_array_equal(searching.best, [1, 2, 3, 5])
        assert len(searching.error_curve) == 42

    def test_the_curve_never_rises_even_without_an_elite(self):
        searching = search()
        last, error = searching.run(POOL, BREEDING._replace(n_elite=0, mutation_rate=0.9), 30)
        assert (np.diff(searching.error_curve) <= 0).all()
        assert searching.error_curve[-1] == sums(searching.best[np.newaxis])[0] == error
        assert last.errors[0] >= error

    def test_no_generations_are_the_first_random_sets(self):
        searching = search()
        last, error = searching.run(POOL, BREEDING, 0)
        assert_array_equal(last.sets, generations(1)[0].sets)
        assert searching.error_curve == [error] == [last.errors[0]]

    def test_the_report_is_told_the_best_set_and_ends_the_search(self):
        told = []

        def report(best):
            told.append(best)
            return len(told) == 3

        searching = search(report=report)
        searching.run(POOL, BREEDING, 50)
        assert searching.stopped
        assert len(searching.error_curve) == 3
        assert_array_equal([sums(best[np.newaxis])[0] for best in told], searching.error_curve)
