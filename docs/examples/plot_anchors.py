"""
How many anchors, and which?
============================

Each extra anchor costs one more item for every model evaluated from now on. This example measures,
on real results of 218 models on the 1,172 questions of ARC challenge, how the error falls with the
number of anchors, and shows which items SparseEval chooses.
"""

# %%
# Whole organisations are held out, twice.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import GroupShuffleSplit, cross_validate
from sklearn.pipeline import make_pipeline

from sklearn_sparseeval import MLPScoreRegressor, SparseEvalSelector
from sklearn_sparseeval.datasets import load_open_llm
from sklearn_sparseeval.metrics import get_scorers

bunch = load_open_llm(task="arc_challenge")
X, y = bunch.data, bunch.target
splits = GroupShuffleSplit(2, test_size=0.25, random_state=0)
budgets = [10, 20, 50]

# %%
# Every fold chooses its own anchors from its own source models. The baseline is what one would do
# without a history: run a random sample of the items and report its mean.
errors = []
for n_anchors in budgets:
    pipeline = make_pipeline(
        SparseEvalSelector(n_anchors, proxy="linear", n_init=1, random_state=0),
        MLPScoreRegressor(random_state=0),
    )
    scores = cross_validate(pipeline, X, y, cv=splits, groups=bunch.families, scoring=get_scorers())
    errors.append(-100 * scores["test_neg_mean_absolute_error"])
errors = np.array(errors)

rng = np.random.default_rng(0)
sampling = [
    100 * np.mean([np.abs(X[:, rng.choice(X.shape[1], k, False)].mean(1) - y) for _ in range(100)])
    for k in budgets
]

# %%
# The difficulty of an item is the share of models that fail it; its discrimination the correlation
# of its results with the models' scores.
selector = SparseEvalSelector(50, proxy="linear", random_state=0).fit(X, y)
difficulty = 1 - X.mean(axis=0)
spread = X.std(axis=0)
covariance = ((y - y.mean()) @ (X - X.mean(axis=0))) / len(y)
discrimination = covariance / np.where(spread > 0, spread * y.std(), 1)

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
left.errorbar(
    budgets, errors.mean(1), errors.std(1), marker="o", capsize=3, label="SparseEval + MLP"
)
left.plot(budgets, sampling, marker="s", linestyle="--", color="0.4", label="mean of random items")
left.set(xlabel="anchors", ylabel="mean absolute error (points)", ylim=(0, None))
left.set_title("Error of new organisations' models")
left.legend()
right.scatter(difficulty, discrimination, s=6, color="0.75", label="all items")
right.scatter(
    difficulty[selector.anchors_], discrimination[selector.anchors_],
    s=22, marker="D", facecolor="none", edgecolor="C0", label="50 anchors",
)  # fmt: skip
right.set(xlabel="difficulty (share of models that fail)", ylabel="discrimination")
right.set_title("Which items are chosen")
right.legend(loc="lower left")
plt.show()
