from ._predictor import SavedPredictor as SavedPredictor
from .storage._predictor_file import load_predictor as load_predictor
from .storage._predictor_file import save_predictor as save_predictor
