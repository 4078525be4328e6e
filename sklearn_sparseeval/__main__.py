"""``python -m sklearn_sparseeval``: the same as the command ``sparseeval``."""

import sys

from sklearn_sparseeval.cli import main

if __name__ == "__main__":
    sys.exit(main())
