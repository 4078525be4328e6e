"""The shipped score matrices, one ``.npz`` file each.

Every file keeps right/wrong results of public evaluation runs, repacked; no question, answer or
output of a model is in them. Source and licence:

- ``helm_lite_*``: from the HELM Lite releases, collected in
  https://github.com/socialfoundations/benchmark-prediction, MIT licence.
- ``open_llm_*``: from the Open LLM Leaderboard 2, collected in the same repository, MIT licence.
- ``zeroeval_gsm``: https://github.com/WildEval/ZeroEval, Apache licence 2.0.
- ``mathvision``: https://github.com/mathllm/MATH-V, MIT licence.
"""
