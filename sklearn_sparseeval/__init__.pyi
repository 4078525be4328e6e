from sklearn_sparseeval._errors import PredictorError as PredictorError
from sklearn_sparseeval._errors import ResultsError as ResultsError
from sklearn_sparseeval._errors import ResultsWarning as ResultsWarning
from sklearn_sparseeval._notes import Note as Note
from sklearn_sparseeval._notes import NotedWarning as NotedWarning
from sklearn_sparseeval._tags import AnchorTags as AnchorTags
from sklearn_sparseeval._version import __version__ as __version__
from sklearn_sparseeval.anchored import AnchoredRegressor as AnchoredRegressor
from sklearn_sparseeval.base import AnchorSelector as AnchorSelector
from sklearn_sparseeval.imputers import *
from sklearn_sparseeval.intervals import *
from sklearn_sparseeval.item_response import *
from sklearn_sparseeval.methods import *
from sklearn_sparseeval.plan import *
from sklearn_sparseeval.regressors import *
from sklearn_sparseeval.score_matrix import ScoreMatrix as ScoreMatrix
from sklearn_sparseeval.selectors import *

__all__: list[str]
