"""Splits into source and target models: by strength, by date, by family."""

from sklearn_sparseeval.splitters._chronological_split import ChronologicalSplit
from sklearn_sparseeval.splitters._family_shuffle_split import FamilyShuffleSplit
from sklearn_sparseeval.splitters._repeated_group_k_fold import RepeatedGroupKFold
from sklearn_sparseeval.splitters._similar_models import group_similar_models
from sklearn_sparseeval.splitters._strength_split import StrengthSplit

__all__ = [
    "ChronologicalSplit",
    "FamilyShuffleSplit",
    "RepeatedGroupKFold",
    "StrengthSplit",
    "group_similar_models",
]
