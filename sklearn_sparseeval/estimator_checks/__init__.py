"""Checks that a selector keeps its contract, on top of scikit-learn's own."""

from sklearn_sparseeval.estimator_checks._battery import (
    anchor_selector_checks,
    check_anchor_selector,
)

__all__ = ["anchor_selector_checks", "check_anchor_selector"]
