from ._read import HARNESS as HARNESS
from ._read import read_opencompass as read_opencompass
from ._write import to_opencompass_test_ranges as to_opencompass_test_ranges
