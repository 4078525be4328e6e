"""Packages that only some commands need."""

from importlib.util import find_spec


def require_packages(command: str, *names: str) -> None:
    """Say what is missing before the work is done, not after.

    Parameters
    ----------
    command : str
        Name of the command.
    *names : str
        Packages that it needs.

    Raises
    ------
    ValueError
        If one of them is not installed.
    """
    missing = [name for name in names if find_spec(name) is None]
    if missing:
        raise ValueError(
            f"{command} needs {' and '.join(missing)}. Install with "
            "pip install 'sklearn-sparseeval[harness]'."
        )
