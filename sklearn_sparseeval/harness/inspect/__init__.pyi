from ._read import HARNESS as HARNESS
from ._read import read_inspect as read_inspect
from ._write import InspectSampleIds as InspectSampleIds
from ._write import to_inspect_sample_ids as to_inspect_sample_ids
