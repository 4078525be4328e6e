"""
Which anchors, for which history?
=================================

The families of selectors side by side on a small history (83 models on GSM8K) and a larger one (448
models on IFEval), first for new models drawn like the old ones, then for models stronger than every
model of the history. Each selector goes with the regressor that suits it.
"""

# %%
# Each entry takes a number of anchors and a seed.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import ShuffleSplit

from sklearn_sparseeval import (
    AnchoredRegressor,
    DifferenceRegressor,
    RandomSelector,
    ResidualRidgeRegressor,
    SparseRidgeSelector,
    StratifiedSelector,
    WeightedMeanRegressor,
)
from sklearn_sparseeval.datasets import load_helm_lite, load_open_llm

families = {
    "random, mean": lambda k, s: (RandomSelector(k, random_state=s), WeightedMeanRegressor()),
    "random, RidgeCV": lambda k, s: (RandomSelector(k, random_state=s), RidgeCV()),
    "stratified, difference": lambda k, s: (
        StratifiedSelector(k, random_state=s), DifferenceRegressor()
    ),
    "sparse ridge, residual ridge": lambda k, s: (
        SparseRidgeSelector(k), ResidualRidgeRegressor()
    ),
}  # fmt: skip
panels = {
    "83 models, 1,000 items": load_helm_lite(task="gsm", return_X_y=True),
    "448 models, 541 items": load_open_llm(task="ifeval", return_X_y=True),
}
budgets = [10, 30, 100]

# %%
# Alike: a random quarter of the models is predicted from the others. Stronger: the strongest three
# tenths are predicted from the weakest half; the split is one, the anchors differ.


def alike(y):
    return list(ShuffleSplit(2, test_size=0.25, random_state=0).split(y))


def stronger(y):
    order = np.argsort(y, kind="stable")
    return 2 * [(order[: len(y) // 2], order[-round(0.3 * len(y)) :])]


def error(family, X, y, splits, n_anchors):
    errors = []
    for seed, (old, new) in enumerate(splits):
        model = AnchoredRegressor(*families[family](n_anchors, seed)).fit(X[old], y[old])
        errors.append(100 * np.abs(model.predict(X[new]) - y[new]).mean())
    return np.mean(errors)


# %%
# The anchors are chosen anew in every split, from the old models only.
figure, axes = plt.subplots(2, 2, figsize=(9, 7), sharex=True, layout="constrained")
styles = dict(zip(families, ["k:", "C1--", "C2-.", "C0-"], strict=True))
for row, (what, make_splits) in zip(
    axes, {"new models like the old": alike, "stronger than all old": stronger}.items(), strict=True
):
    for ax, (panel, (X, y)) in zip(row, panels.items(), strict=True):
        for family, style in styles.items():
            curve = [error(family, X, y, make_splits(y), k) for k in budgets]
            ax.plot(budgets, curve, style, marker="o", markersize=3, label=family)
        ax.set(title=f"{panel}: {what}", xscale="log", yscale="log")
        ax.set_xticks(budgets, [str(k) for k in budgets])
        ax.set_yticks([2, 3, 5, 10, 20], ["2", "3", "5", "10", "20"])
        ax.minorticks_off()
for ax in axes[1]:
    ax.set_xlabel("anchors")
for ax in axes[:, 0]:
    ax.set_ylabel("mean absolute error (points)")
axes[0, 0].legend(fontsize="small")
plt.show()
