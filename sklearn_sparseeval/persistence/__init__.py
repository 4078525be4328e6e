"""A fitted predictor as a file: written and read without pickle."""

from typing import TYPE_CHECKING

from sklearn_sparseeval._lazy import lazy_attributes

if TYPE_CHECKING:
    from sklearn_sparseeval.persistence._predictor_error import PredictorError
    from sklearn_sparseeval.persistence._predictor_file import load_predictor, save_predictor
    from sklearn_sparseeval.persistence._saved_predictor import SavedPredictor

__all__ = ["PredictorError", "SavedPredictor", "load_predictor", "save_predictor"]

__getattr__ = lazy_attributes(
    __name__,
    {
        "PredictorError": "._predictor_error",
        "SavedPredictor": "._saved_predictor",
        "load_predictor": "._predictor_file",
        "save_predictor": "._predictor_file",
    },
)


def __dir__() -> list[str]:
    return __all__
