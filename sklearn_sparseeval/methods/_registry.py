"""The registry: methods by name, each a selector and a regressor with their settings."""

from collections.abc import Callable
from typing import Any

from sklearn_sparseeval.methods._recipes import RECIPES


class Method:
    """A method of predicting benchmark scores, ready to be built for a number of anchors.

    Parameters
    ----------
    name : str
        Its name in the registry.
    description : str
        What it does, in a sentence.
    source : str
        Where it was published.
    build : callable
        Makes the estimator: ``build(n_anchors)``.

    Examples
    --------
    >>> from sklearn_sparseeval.methods import get_methods
    >>> get_methods()["random-mean"](n_anchors=100)
    AnchoredRegressor(regressor=WeightedMeanRegressor(),
                      selector=RandomSelector(n_anchors=100))
    """

    def __init__(
        self, name: str, description: str, source: str, build: Callable[[int | float], Any]
    ) -> None:
        self.name = name
        self.description = description
        self.source = source
        self._build = build

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    def __call__(self, n_anchors: int | float) -> Any:
        """Make an unfitted estimator.

        Parameters
        ----------
        n_anchors : int or float
            Number of anchors, or share of the items.

        Returns
        -------
        estimator : estimator
            The estimator; its `random_state`, if it has any, is None.
        """
        return self._build(n_anchors)


def get_methods() -> dict[str, Method]:
    """Return the registered methods by name, the simplest first.

    Returns
    -------
    methods : dict of str to Method
        A new dict. ``get_methods()[name](n_anchors=50)`` makes an estimator; ``description`` and
        ``source`` say what it is.

    See Also
    --------
    sklearn_sparseeval.comparison.compare_estimators : Compares them on your data.

    Examples
    --------
    >>> from sklearn_sparseeval.methods import get_methods
    >>> for method in list(get_methods().values())[:2]:
    ...     print(f"{method.name}: {method.description}")
    random-mean: The mean of a random sample of the items.
    random-ridge: Ridge regression on the results of random items.
    >>> get_methods()["sparse-ridge"](n_anchors=50)
    AnchoredRegressor(regressor=ResidualRidgeRegressor(),
                      selector=SparseRidgeSelector(n_anchors=50))
    """
    return {recipe[0]: Method(*recipe) for recipe in RECIPES}
