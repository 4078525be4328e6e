"""Which anchor to give up and which item to take: SparseEval's two scores, and their repair."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


class Evidence(NamedTuple):
    """What a fitted proxy says about the source models."""

    X: Array  # (n_models, n_items), unit range, no NaN
    anchors: NDArray[np.intp]  # (n_anchors,)
    error: Array  # (n_models, n_tasks), prediction minus target
    gradient: Array  # (n_models, n_tasks, n_anchors), of the prediction
    sample_weight: Array  # (n_models,)


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
