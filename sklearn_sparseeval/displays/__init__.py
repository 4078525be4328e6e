"""Pictures of methods, predictions and anchors: data first, drawn when asked."""

from sklearn_sparseeval.displays._anchor_map import AnchorMapDisplay
from sklearn_sparseeval.displays._budget_curve import BudgetCurveDisplay
from sklearn_sparseeval.displays._comparison_display import ComparisonDisplay
from sklearn_sparseeval.displays._score_prediction import ScorePredictionDisplay

__all__ = [
    "AnchorMapDisplay",
    "BudgetCurveDisplay",
    "ComparisonDisplay",
    "ScorePredictionDisplay",
]
