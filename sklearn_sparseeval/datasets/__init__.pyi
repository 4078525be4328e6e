from ._loaders import SHIPPED as SHIPPED
from ._loaders import load_helm_lite as load_helm_lite
from ._loaders import load_mathvision as load_mathvision
from ._loaders import load_open_llm as load_open_llm
from ._loaders import load_shipped as load_shipped
from ._loaders import load_zeroeval_gsm as load_zeroeval_gsm
from ._synthetic import make_score_matrix as make_score_matrix
