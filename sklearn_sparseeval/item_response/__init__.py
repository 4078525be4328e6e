"""Item response theory: what the abilities of models and the difficulty of items say of results."""

from typing import TYPE_CHECKING

from sklearn_sparseeval._lazy import lazy_attributes

if TYPE_CHECKING:
    from sklearn_sparseeval.item_response._model import ItemResponseModel

__all__ = ["ItemResponseModel"]

__getattr__ = lazy_attributes(__name__, {"ItemResponseModel": "._model"})


def __dir__() -> list[str]:
    return __all__
