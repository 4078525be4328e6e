from ._read import HARNESS as HARNESS
from ._read import read_lighteval as read_lighteval
