from ._compare import compare_estimators as compare_estimators
from ._comparison import Comparison as Comparison
from ._protocols import Protocol as Protocol
from ._protocols import make_protocol as make_protocol
