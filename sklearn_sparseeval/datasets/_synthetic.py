"""Synthetic score matrices from an item response model."""

from numbers import Integral, Real

import numpy as np
from numpy.typing import DTypeLike, NDArray
from scipy.special import expit
from sklearn.utils import Bunch, check_random_state, gen_batches

from sklearn_sparseeval._sklearn import Interval, validate_params
from sklearn_sparseeval.numerics.missing import row_means

Array = NDArray[np.floating]
Cells = tuple[NDArray[np.integer], NDArray[np.integer]]  # row indices, column indices

_GENERAL_SHARE = 0.5  # of an ability's variance: general ability, the same for all abilities
_FAMILY_SHARE = 0.7  # of an ability's variance: the same for all models of a family
_N_DRAWS = 10  # behind a graded score
_BLOCK_CELLS = 2**22  # 32 MiB of float64 for each temporary array


@validate_params(  # type: ignore[untyped-decorator]
    {
        "n_models": [Interval(Integral, 1, None, closed="left")],
        "n_items": [Interval(Integral, 1, None, closed="left")],
        "n_dimensions": [Interval(Integral, 1, None, closed="left")],
        "n_families": [Interval(Integral, 1, None, closed="left"), None],
        "missing": [Interval(Real, 0, 1, closed="left")],
        "graded": ["boolean"],
        "dtype": "no_validation",
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_score_matrix(
    n_models: int = 100,
    n_items: int = 200,
    *,
    n_dimensions: int = 2,
    n_families: int | None = None,
    missing: float = 0.0,
    graded: bool = False,
    dtype: DTypeLike = np.float64,
    random_state: int | np.random.RandomState | None = None,
) -> Bunch:
    r"""Make a score matrix of models by items from an item response model.

    Model m answers item i rightly with the probability of a compensatory multidimensional
    two-parameter logistic model [1]_,

    .. math:: P_{mi} = \frac{1}{1 + \exp(b_i - a_i \cdot \theta_m)}

    with abilities :math:`\theta_m`, discriminations :math:`a_i` and difficulty :math:`b_i`.

    Parameters
    ----------
    n_models : int, default=100
        Number of rows.
    n_items : int, default=200
        Number of columns.
    n_dimensions : int, default=2
        Number of abilities. Half of the variance of each is a general ability, so any two of them
        correlate with 0.5.
    n_families : int or None, default=None
        Number of families. Every family has at least one model, the other models join a family at
        random. The models of a family share 70 % of the variance of every ability. None makes
        every model a family of its own, that is, models that are independent of each other.
    missing : float, default=0.0
        Share of cells to set to NaN, in [0, 1). Each cell is missing with this probability,
        independently of all else; a row or column that would be left empty gets one of its cells,
        chosen at random, back.
    graded : bool, default=False
        If False, a score is one draw, 0 or 1. If True, a score is the mean of 10 draws, as
        ``pass@1`` over 10 samples is.
    dtype : {numpy.float64, numpy.float32}, default=numpy.float64
        Type of `data`; numpy.float32 halves the memory.
    random_state : int, RandomState instance or None, default=None
        Determines the draws. Pass an int for the same matrix at every call. The scores do not
        depend on `missing`: with the same int, matrices of different `missing` agree in the cells
        that both have.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : ndarray of shape (n_models, n_items)
            The score matrix; NaN = not evaluated.
        target : ndarray of shape (n_models,)
            Mean score of each model's evaluated items.
        full_score : ndarray of shape (n_models,)
            Mean score over all items, before cells were removed; `target` where none was.
        feature_names : ndarray of shape (n_items,)
            Names of the items, such as "item_007".
        model_names : ndarray of shape (n_models,)
            Names of the models, such as "model_07".
        families : ndarray of shape (n_models,)
            Family of each model, such as "family_3": the `groups` of a split.
        abilities : ndarray of shape (n_models, n_dimensions)
            The abilities, standard normal.
        difficulties : ndarray of shape (n_items,)
            The difficulties, on the scale of log-odds.
        discriminations : ndarray of shape (n_items, n_dimensions)
            The discriminations, non-negative.

    See Also
    --------
    load_helm_lite : Real results of 83 language models.
    load_open_llm : Real results of 448 language models.

    Notes
    -----
    Difficulties are normal with mean 0 and standard deviation 1.5. The length of :math:`a_i` is
    log-normal with median 1.5; its direction is uniform on the simplex of the squared components.

    The matrix is drawn in blocks of rows: beside `data` itself (560 MB for 5,000 models by 14,000
    items in float64) little memory is needed.

    References
    ----------
    .. [1] M. D. Reckase (2009). Multidimensional Item Response Theory. Springer.

    Examples
    --------
    >>> from sklearn_sparseeval.datasets import make_score_matrix
    >>> scores = make_score_matrix(50, 300, n_families=5, missing=0.1, random_state=0)
    >>> scores.data.shape
    (50, 300)
    >>> print(*sorted(set(scores.families)))
    family_0 family_1 family_2 family_3 family_4
    """
    if n_families is not None and n_families > n_models:
        raise ValueError(
            f"n_families={n_families} asks for more families than there are models "
            f"(n_models={n_models}), but every family has at least one. Lower n_families, or raise "
            "n_models."
        )
    if np.dtype(dtype) not in (np.dtype(np.float64), np.dtype(np.float32)):
        raise ValueError(
            f"dtype={dtype!r} cannot hold scores with NaN as this function makes them; use "
            "numpy.float64 or numpy.float32."
        )
    rng = check_random_state(random_state)
    n_families = n_models if n_families is None else n_families
    family = _draw_families(n_models, n_families, rng)
    abilities = _draw_abilities(family, n_families, n_dimensions, rng)
    discriminations = _draw_discriminations(n_items, n_dimensions, rng)
    difficulties = rng.normal(scale=1.5, size=n_items)
    data = _draw_scores(abilities, discriminations, difficulties, graded, np.dtype(dtype), rng)
    full_score = _row_means(data)
    if missing:
        _remove_cells(data, missing, rng)
    return Bunch(
        data=data,
        target=_row_means(data),
        full_score=full_score,
        feature_names=_names("item", n_items),
        model_names=_names("model", n_models),
        families=_names("family", n_families)[family],
        abilities=abilities,
        difficulties=difficulties,
        discriminations=discriminations,
    )


def _draw_families(
    n_models: int, n_families: int, rng: np.random.RandomState
) -> NDArray[np.integer]:
    if n_families == n_models:
        return np.arange(n_models)
    others = rng.randint(n_families, size=n_models - n_families)
    return rng.permutation(np.concatenate([np.arange(n_families), others]))


def _draw_abilities(
    family: NDArray[np.integer], n_families: int, n_dimensions: int, rng: np.random.RandomState
) -> Array:
    shared = _draw_correlated(n_families, n_dimensions, rng)
    own = _draw_correlated(family.size, n_dimensions, rng)
    abilities: Array = np.sqrt(_FAMILY_SHARE) * shared[family] + np.sqrt(1 - _FAMILY_SHARE) * own
    return abilities


def _draw_correlated(n: int, n_dimensions: int, rng: np.random.RandomState) -> Array:
    general = rng.standard_normal((n, 1))
    specific = rng.standard_normal((n, n_dimensions))
    drawn: Array = np.sqrt(_GENERAL_SHARE) * general + np.sqrt(1 - _GENERAL_SHARE) * specific
    return drawn


def _draw_discriminations(n_items: int, n_dimensions: int, rng: np.random.RandomState) -> Array:
    length = rng.lognormal(np.log(1.5), 0.4, size=(n_items, 1))
    return length * np.sqrt(rng.dirichlet(np.ones(n_dimensions), size=n_items))


def _draw_scores(
    abilities: Array,
    discriminations: Array,
    difficulties: Array,
    graded: bool,
    dtype: np.dtype,
    rng: np.random.RandomState,
) -> Array:
    data = np.empty((len(abilities), len(difficulties)), dtype=dtype)
    for rows in _row_blocks(data):
        probability = expit(abilities[rows] @ discriminations.T - difficulties)
        if graded:
            data[rows] = rng.binomial(_N_DRAWS, probability) / _N_DRAWS
        else:
            data[rows] = rng.random_sample(probability.shape) < probability
    return data


def _remove_cells(data: Array, missing: float, rng: np.random.RandomState) -> None:
    n_models, n_items = data.shape
    spare_of_row = np.arange(n_models), rng.randint(n_items, size=(n_models,))
    spare_of_column = rng.randint(n_models, size=(n_items,)), np.arange(n_items)
    row_scores, column_scores = data[spare_of_row], data[spare_of_column]
    row_empty = np.zeros(n_models, dtype=bool)
    column_empty = np.ones(n_items, dtype=bool)
    for rows in _row_blocks(data):
        mask = rng.random_sample(data[rows].shape) < missing
        data[rows][mask] = np.nan
        row_empty[rows] = mask.all(axis=1)
        column_empty &= mask.all(axis=0)
    _put_back(data, spare_of_row, row_scores, row_empty)
    _put_back(data, spare_of_column, column_scores, column_empty)


def _put_back(data: Array, cells: Cells, scores: Array, which: NDArray[np.bool_]) -> None:
    rows, columns = cells
    data[rows[which], columns[which]] = scores[which]


def _row_means(data: Array) -> NDArray[np.float64]:
    return np.concatenate([row_means(data[rows]) for rows in _row_blocks(data)])


def _row_blocks(data: Array) -> list[slice]:
    n_models, n_items = data.shape
    return list(gen_batches(n_models, max(1, _BLOCK_CELLS // n_items)))


def _names(what: str, n: int) -> NDArray[np.str_]:
    width = len(str(n - 1))
    return np.array([f"{what}_{index:0{width}d}" for index in range(n)])
