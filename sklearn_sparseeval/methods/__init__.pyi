from ._auto import AutoAnchoredRegressor as AutoAnchoredRegressor
from ._registry import Method as Method
from ._registry import get_methods as get_methods
