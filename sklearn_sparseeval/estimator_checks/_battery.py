"""The list of all checks, and the function that runs them."""

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

from sklearn_sparseeval.estimator_checks import _checks

_CHECKS: tuple[Callable[[Any], None], ...] = (
    _checks.check_anchors,
    _checks.check_fraction_of_items,
    _checks.check_more_anchors_than_items,
    _checks.check_awkward_items,
    _checks.check_low_rank,
    _checks.check_few_models,
    _checks.check_score_ranges,
    _checks.check_float32,
    _checks.check_several_tasks,
    _checks.check_anchor_weights,
    _checks.check_default_target,
    _checks.check_row_order,
    _checks.check_weights_are_repeated_rows,
    _checks.check_weight_zero_is_no_row,
    _checks.check_refit,
    _checks.check_pickle,
    _checks.check_global_random_state,
    _checks.check_fit_with_missing_results,
    _checks.check_model_without_results,
    _checks.check_missing_off_the_anchors,
    _checks.check_missing_anchor,
    _checks.check_inverse_transform,
    _checks.check_pipeline_from_anchor_results,
)
_DATA_FRAME_CHECKS: tuple[Callable[[Any], None], ...] = (
    _checks.check_missing_anchor_by_name,
    _checks.check_inverse_transform_of_data_frame,
)


def anchor_selector_checks() -> Iterator[Callable[[Any], None]]:
    """Yield the checks that ``check_anchor_selector`` runs.

    Each is a function ``check_<what>(selector)`` that raises an AssertionError. The checks on
    data frames are left out where pandas is not installed.

    Yields
    ------
    check : callable
        Takes an unfitted selector, which it clones.

    See Also
    --------
    check_anchor_selector : Runs all of them.

    Examples
    --------
    Make a test of each, with pytest::

        @pytest.mark.parametrize("check", anchor_selector_checks(), ids=lambda c: c.__name__)
        def test_selector(check):
            check(MySelector())

    >>> from sklearn_sparseeval.estimator_checks import anchor_selector_checks
    >>> next(anchor_selector_checks()).__name__
    'check_anchors'
    """
    yield from _CHECKS
    if find_spec("pandas") is not None:
        yield from _DATA_FRAME_CHECKS


def check_anchor_selector(selector: Any) -> None:
    """Check that a selector keeps the contract of :class:`~sklearn_sparseeval.AnchorSelector`.

    These checks come on top of scikit-learn's
    (:func:`sklearn.utils.estimator_checks.check_estimator`) and test what it cannot know: that
    anchors are valid, do not depend on the order of the models, are the same for the same seed,
    and come from the rows passed alone; what weights and missing results mean; that results on
    the anchors lead to the same prediction as full rows. They fit some sixty times, on matrices
    of at most 60 models and 20 items.

    Parameters
    ----------
    selector : AnchorSelector
        An unfitted selector with any parameters. The checks work on clones of it, with
        `n_anchors`, `missing_anchors` and every `random_state` set to values of their own.

    Raises
    ------
    AssertionError
        If the selector fails a check; the message says what came and what was expected.

    See Also
    --------
    anchor_selector_checks : The single checks, to make one test of each.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sparseeval import AnchorSelector
    >>> from sklearn_sparseeval.estimator_checks import check_anchor_selector
    >>> class HardestItemsSelector(AnchorSelector):
    ...     def _choose_anchors(self, X, y, sample_weight, n_anchors):
    ...         missing = np.isnan(X)
    ...         counts = sample_weight @ ~missing  # 0 for items without any result
    ...         sums = sample_weight @ np.where(missing, 0, X)
    ...         means = np.divide(sums, counts, out=np.full_like(sums, np.inf), where=counts > 0)
    ...         return np.argsort(means, kind="stable")[:n_anchors]
    >>> check_anchor_selector(HardestItemsSelector())
    """
    for check in anchor_selector_checks():
        check(selector)
