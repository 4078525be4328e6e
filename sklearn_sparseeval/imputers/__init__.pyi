from ._collaborative_filtering import CollaborativeFilteringImputer as CollaborativeFilteringImputer
from ._irt import IRTImputer as IRTImputer
from ._item_ridge import ItemRidgeImputer as ItemRidgeImputer
from ._low_rank import LowRankImputer as LowRankImputer
from ._neighbor import NeighborImputer as NeighborImputer
