"""One thread for a while, without a search for the libraries each time."""

import sys
from contextlib import AbstractContextManager

from threadpoolctl import ThreadpoolController

_known: tuple[int, ThreadpoolController] | None = None


def one_thread() -> AbstractContextManager[object]:
    """Limit the libraries of numpy, scipy and torch to one thread each.

    Returns
    -------
    limit : context manager
        The limit of ``threadpoolctl.threadpool_limits(1)``, undone at the end of the block.

    Notes
    -----
    ``threadpool_limits`` reads the list of all loaded libraries, which takes 10 to 25 ms in a
    process that has loaded torch; a fit may ask for hundreds of limits. Here the list is read
    anew only when modules were imported since.
    """
    global _known
    n_modules = len(sys.modules)
    if _known is None or _known[0] != n_modules:
        _known = n_modules, ThreadpoolController()
    limit: AbstractContextManager[object] = _known[1].limit(limits=1)
    return limit
