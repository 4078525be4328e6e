"""Arrays of texts, such as the names of the items, in a form of numpy's own."""

from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray


class TextArray(NamedTuple):
    """An array of Python strings, which numpy holds as objects; skops would store each alone."""

    texts: NDArray[np.str_]

    @classmethod
    def of(cls, array: NDArray[Any]) -> Self | NDArray[Any]:
        """Convert an array of texts.

        Parameters
        ----------
        array : ndarray of object
            Any array of objects.

        Returns
        -------
        array : TextArray or ndarray
            As it was if it holds anything but texts, or one that numpy would shorten.
        """
        if not array.size or not all(isinstance(one, str) for one in array.flat):
            return array
        texts = array.astype(np.str_)
        return cls(texts) if (texts == array).all() else array

    def restored(self) -> NDArray[Any]:
        """Make the array of Python strings.

        Returns
        -------
        array : ndarray of object
            The texts.
        """
        return np.asarray(self.texts).astype(np.str_).astype(object)
