from ._regressor import AnchoredIntervalRegressor as AnchoredIntervalRegressor
from ._top_up import TopUp as TopUp
