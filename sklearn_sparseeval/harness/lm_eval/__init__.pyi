from ._read import HARNESS as HARNESS
from ._read import read_lm_eval as read_lm_eval
from ._write import LmEvalSamples as LmEvalSamples
from ._write import to_lm_eval_samples as to_lm_eval_samples
