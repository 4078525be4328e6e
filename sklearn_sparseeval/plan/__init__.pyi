from ._make import make_plan as make_plan
from ._plan import Plan as Plan
from ._plan import load_plan as load_plan
from ._predictor import SavedPredictor as SavedPredictor
from .storage._predictor_file import load_predictor as load_predictor
from .storage._predictor_file import save_predictor as save_predictor
