"""
How sure is a predicted score?
==============================

One estimator gives a score, an interval and a verdict for each new model, and says which of two
models is better. The history here is taken from the weaker two thirds of the models of ARC; the new
models are others of these, and stronger ones that the history does not vouch for.
"""

# %%
# The history, and models that are new: a random part of the weaker ones, and all of the strongest.
import numpy as np

from sklearn_sparseeval import AnchoredIntervalRegressor
from sklearn_sparseeval.datasets import load_open_llm
from sklearn_sparseeval.displays import CoverageDisplay, RankDisplay, ScorePredictionDisplay

matrix = load_open_llm(task="arc_challenge", as_matrix=True)
y = matrix.targets["overall"]
order = np.argsort(y.to_numpy(), kind="stable")
weaker = np.random.default_rng(0).permutation(order[:150])
like, old, stronger = weaker[:40], np.sort(weaker[40:]), order[-25:]
model = AnchoredIntervalRegressor(n_anchors=50, random_state=0)
model.fit(matrix.data.iloc[old], y.iloc[old])

# %%
# Intervals, and a ring around each model that is unlike the history: for those the estimate leans
# on readings that go on beyond it, and the interval is wide.
new = np.concatenate([like, stronger])
X_new, y_new = matrix.data.iloc[new], y.iloc[new]
ScorePredictionDisplay.from_estimator(model, X_new, y_new).plot()

# %%
# Do the intervals hold? An average may hide much, so it is counted from the weakest models to the
# strongest.
CoverageDisplay.from_estimator(model, X_new, y_new).plot()

# %%
# Which model is better? Neighbours are joined where the probability is below .95.
RankDisplay.from_estimator(model, matrix.data.iloc[new[::5]]).plot()
