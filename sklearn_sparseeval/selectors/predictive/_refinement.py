"""What a refinement of anchors starts from, the swaps it weighs, and its record."""

import warnings
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import pairwise_distances

Array = NDArray[np.floating]


class Evidence(NamedTuple):
    """What a fitted proxy says about the source models."""

    X: Array  # (n_models, n_items), unit range, no NaN
    anchors: NDArray[np.intp]  # (n_anchors,)
    error: Array  # (n_models, n_tasks), prediction minus target
    gradient: Array  # (n_models, n_tasks, n_anchors), of the prediction
    sample_weight: Array  # (n_models,)


class RefinementStep(NamedTuple):
    """One step of the refinement of :class:`~sklearn_sparseeval.SparseEvalSelector`.

    Parameters
    ----------
    anchors : ndarray of shape (n_anchors,)
        The anchors before the swap.
    removed : int
        The anchor given up.
    added : int
        The item taken instead.
    anchor_importance : ndarray of shape (n_anchors,)
        AIS of each of `anchors`.
    candidate_importance : ndarray of shape (n_items,)
        CIS of each item; -inf for items that cannot be taken.
    proxy_loss : float
        Weighted mean squared error of the proxy on the source models, before the swap.
    validation_error : float
        Leave-one-out error after the swap, on the scale of the proxy's target; NaN with
        ``keep="last"``.
    kept : bool
        Whether the swap stood.
    """

    anchors: NDArray[np.intp]
    removed: int
    added: int
    anchor_importance: Array
    candidate_importance: Array
    proxy_loss: float
    validation_error: float
    kept: bool


class Swap(NamedTuple):
    """An anchor to give up, by its position among the anchors, and an item to take instead."""

    position: int
    item: int

    def apply(self, anchors: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return the anchors after the swap, the item in its predecessor's place.

        Parameters
        ----------
        anchors : ndarray of shape (n_anchors,)
            The anchors before.

        Returns
        -------
        swapped : ndarray of shape (n_anchors,)
            A new array.
        """
        swapped = anchors.copy()
        swapped[self.position] = self.item
        return swapped


def shortlist(
    anchor_importance: Array,
    candidate_importance: Array,
    refused: set[int],
    n_out: int,
    n_in: int,
) -> list[Swap]:
    """List the swaps between the weakest anchors and the strongest items, best scores first.

    Parameters
    ----------
    anchor_importance : ndarray of shape (n_anchors,)
        Low = give it up.
    candidate_importance : ndarray of shape (n_items,)
        High = take it; -inf = cannot be taken.
    refused : set of int
        Positions of anchors that are not to be given up.
    n_out : int
        Largest number of anchors.
    n_in : int
        Largest number of items.

    Returns
    -------
    swaps : list of Swap
        At most ``n_out * n_in``.
    """
    by_weakness = np.argsort(anchor_importance, kind="stable")
    weakest = [int(position) for position in by_weakness if position not in refused][:n_out]
    strongest = np.argsort(-candidate_importance, kind="stable")[:n_in]
    takeable = [int(item) for item in strongest if np.isfinite(candidate_importance[item])]
    return [Swap(position, item) for position in weakest for item in takeable]


def random_anchors(
    candidates: NDArray[np.intp], n_anchors: int, rng: np.random.RandomState
) -> NDArray[np.intp]:
    """Draw items at random, without replacement.

    Parameters
    ----------
    candidates : ndarray of shape (n_candidates,)
        Column indices to draw from.
    n_anchors : int
        How many to draw.
    rng : RandomState
        Source of chance.

    Returns
    -------
    anchors : ndarray of shape (n_anchors,)
        In the order drawn.
    """
    return rng.choice(candidates, size=n_anchors, replace=False)


def k_means_anchors(
    X: Array,
    sample_weight: Array,
    candidates: NDArray[np.intp],
    n_anchors: int,
    rng: np.random.RandomState,
) -> NDArray[np.intp]:
    """Take the item nearest to each centre of a k-means clustering of the items.

    An item's vector is its column of ``2 X - 1`` scaled to length one, over the rows given here:
    unlike the released code, which clusters on the rows it later tests on. Where two centres
    share their nearest item, items drawn at random fill the set.

    Parameters
    ----------
    X : ndarray of shape (n_models, n_items)
        Scores between 0 and 1 without NaN.
    sample_weight : ndarray of shape (n_models,)
        Positive weights of the models.
    candidates : ndarray of shape (n_candidates,)
        Column indices that may be chosen.
    n_anchors : int
        How many to choose.
    rng : RandomState
        Source of chance.

    Returns
    -------
    anchors : ndarray of shape (n_anchors,)
        Nearest items first, by falling size of their cluster, then the random fill.
    """
    vectors = np.sqrt(sample_weight) * (2 * X[:, candidates].T - 1)
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors /= np.where(length == 0, 1.0, length)
    with warnings.catch_warnings():  # fewer distinct items than anchors: the fill below answers it
        warnings.simplefilter("ignore", ConvergenceWarning)
        k_means = KMeans(n_anchors, n_init=1, random_state=rng).fit(vectors)
    by_size = np.argsort(-np.bincount(k_means.labels_, minlength=n_anchors), kind="stable")
    distance = pairwise_distances(k_means.cluster_centers_[by_size], vectors)
    # Both items of a cluster of two are equally near: the first, not rounding, shall win.
    slack = 10 * np.sqrt(np.finfo(vectors.dtype).eps)
    nearest = (distance <= distance.min(axis=1, keepdims=True) + slack).argmax(axis=1)
    first_seen = np.sort(np.unique(nearest, return_index=True)[1])
    anchors = candidates[nearest[first_seen]]
    fill = random_anchors(np.setdiff1d(candidates, anchors), n_anchors - len(anchors), rng)
    return np.concatenate([anchors, fill])


def proxy_gradient(proxy: Any, X: Array, n_tasks: int) -> Array:
    """Return a proxy's derivatives with respect to each anchor, (n_models, n_tasks, n_anchors).

    Parameters
    ----------
    proxy : estimator
        Fitted; has `input_gradient` or, when it is linear, `coef_`.
    X : ndarray of shape (n_models, n_anchors)
        Where to differentiate.
    n_tasks : int
        Number of targets.

    Returns
    -------
    gradient : ndarray of shape (n_models, n_tasks, n_anchors)
        Derivatives of the prediction.
    """
    shape = (len(X), n_tasks, X.shape[1])
    if hasattr(proxy, "input_gradient"):
        return np.asarray(proxy.input_gradient(X)).reshape(shape)
    if hasattr(proxy, "coef_"):
        return np.broadcast_to(np.asarray(proxy.coef_).reshape(1, n_tasks, -1), shape)
    raise TypeError(
        f"proxy={proxy!r} has neither a method input_gradient(X) nor an attribute coef_. Use "
        "MLPScoreRegressor or a linear regressor."
    )


def published_scores(evidence: Evidence) -> tuple[Array, Array]:
    """Score anchors (AIS) and items (CIS) as the paper's released code does.

    ``AIS_i = mean_m |dL/dx_mi|`` with L the mean squared error, and
    ``CIS_j = |sum_m (x_mj - 0.5) e_m|`` with e the proxy's error. Several tasks are averaged.

    Parameters
    ----------
    evidence : Evidence
        See there.

    Returns
    -------
    anchor_importance : ndarray of shape (n_anchors,)
        Low = give it up.
    candidate_importance : ndarray of shape (n_items,)
        High = take it.
    """
    weight = evidence.sample_weight / evidence.sample_weight.sum()
    loss_gradient = (2 * evidence.error[:, :, np.newaxis] * evidence.gradient).mean(axis=1)
    anchor_importance = weight @ np.abs(loss_gradient)
    weighted_error = evidence.sample_weight[:, np.newaxis] * evidence.error
    candidate_importance = np.abs((evidence.X - 0.5).T @ weighted_error).mean(axis=1)
    return anchor_importance, candidate_importance


def corrected_scores(evidence: Evidence) -> tuple[Array, Array]:
    """Score anchors by sensitivity, not error, and items by what they add to the anchors.

    ``AIS_i = mean_m |df/dx_mi| * s_i`` where s_i is the spread of anchor i that the other anchors
    do not explain, and ``CIS_j = |(x_j - mean)' (e - mean)| / ||(I - P) (x_j - mean)||`` where P
    projects on the anchors: the step of orthogonal matching pursuit. Both projections carry a
    small ridge, so that items which the anchors explain entirely score low and not at random.

    Parameters
    ----------
    evidence : Evidence
        See there.

    Returns
    -------
    anchor_importance : ndarray of shape (n_anchors,)
        Low = give it up.
    candidate_importance : ndarray of shape (n_items,)
        High = take it.
    """
    weight = evidence.sample_weight
    centred = evidence.X - np.average(evidence.X, axis=0, weights=weight)
    scaled = np.sqrt(weight)[:, np.newaxis] * centred
    among = scaled[:, evidence.anchors].T @ scaled[:, evidence.anchors]
    power = (scaled**2).sum(axis=0)
    ridge = 1e-2 * (float(power.mean()) or 1.0)  # 0 where every item is constant
    inverse = np.linalg.inv(among + ridge * np.eye(len(among)))
    unexplained_anchor = 1 / np.sqrt(np.diag(inverse))
    sensitivity = np.average(np.abs(evidence.gradient).mean(axis=1), axis=0, weights=weight)

    across = scaled[:, evidence.anchors].T @ scaled
    explained = np.einsum("ij,ij->j", across, inverse @ across)
    unexplained = np.sqrt(np.maximum(power - explained, 0) + ridge)
    error = evidence.error - np.average(evidence.error, axis=0, weights=weight)
    product = np.abs(centred.T @ (weight[:, np.newaxis] * error)).mean(axis=1)
    return sensitivity * unexplained_anchor, product / unexplained
