"""
Which method should I trust on my data?
=======================================

Five methods on real results of 83 models on five subjects of MMLU, whole organisations held out.
One call compares them under the same splits, and four pictures show what came out.
"""

# %%
# Every method is refitted in every split, anchors included, and sees of the held-out models its
# anchors only.
import matplotlib.pyplot as plt

from sklearn_sparseeval import get_methods
from sklearn_sparseeval.comparison import compare_estimators
from sklearn_sparseeval.datasets import load_helm_lite
from sklearn_sparseeval.displays import (
    AnchorMapDisplay,
    BudgetCurveDisplay,
    ComparisonDisplay,
    ScorePredictionDisplay,
)

data = load_helm_lite(task="mmlu", as_frame=True)
names = [
    "random-ridge",
    "random-mean",
    "random-residual-ridge",
    "stratified-difference",
    "sparse-ridge",
]
comparison = compare_estimators(
    names, data.data, groups=data.families, n_anchors=[10, 20, 50], cv=5, random_state=0
)

# %%
# The error falls with the number of anchors, and the order of the models gets better. The noise
# ceiling is what perfect knowledge of the models would score on a benchmark of 567 items.
BudgetCurveDisplay.from_comparison(comparison).plot(figsize=(9, 4.5))
plt.show()

# %%
# Are the differences more than chance? Each is paired, split by split, and its interval respects
# that the splits share source models.
ComparisonDisplay.from_comparison(comparison, n_anchors=[20, 50]).plot()
plt.show()

# %%
# Every prediction of the best method, over all splits.
best = comparison.best(n_anchors=50)
ScorePredictionDisplay.from_comparison(comparison, method=best, n_anchors=50).plot()
plt.show()

# %%
# And the anchors that it chooses when it is fitted on all models.
fitted = get_methods()[best](n_anchors=50).fit(data.data)
AnchorMapDisplay.from_selector(fitted, data.data).plot()
plt.show()

# %%
# The same as a table.
comparison.summary().round(4)
