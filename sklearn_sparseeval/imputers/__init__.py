"""Imputers: fill a target's missing results from those of the source models."""

from typing import TYPE_CHECKING

from sklearn_sparseeval._lazy import lazy_attributes

if TYPE_CHECKING:
    from sklearn_sparseeval.imputers._collaborative_filtering import CollaborativeFilteringImputer
    from sklearn_sparseeval.imputers._irt import IRTImputer
    from sklearn_sparseeval.imputers._item_ridge import ItemRidgeImputer
    from sklearn_sparseeval.imputers._low_rank import LowRankImputer
    from sklearn_sparseeval.imputers._neighbor import NeighborImputer

__all__ = [
    "CollaborativeFilteringImputer",
    "IRTImputer",
    "ItemRidgeImputer",
    "LowRankImputer",
    "NeighborImputer",
]

__getattr__ = lazy_attributes(
    __name__,
    {
        "CollaborativeFilteringImputer": "._collaborative_filtering",
        "IRTImputer": "._irt",
        "ItemRidgeImputer": "._item_ridge",
        "LowRankImputer": "._low_rank",
        "NeighborImputer": "._neighbor",
    },
)


def __dir__() -> list[str]:
    return __all__
