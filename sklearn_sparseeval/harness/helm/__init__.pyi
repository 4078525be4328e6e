from ._read import HARNESS as HARNESS
from ._read import read_helm as read_helm
