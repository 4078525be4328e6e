from ._anchor_map import AnchorMapDisplay as AnchorMapDisplay
from ._budget_curve import BudgetCurveDisplay as BudgetCurveDisplay
from ._comparison_display import ComparisonDisplay as ComparisonDisplay
from ._coverage import CoverageDisplay as CoverageDisplay
from ._rank_display import RankDisplay as RankDisplay
from ._score_prediction import ScorePredictionDisplay as ScorePredictionDisplay
