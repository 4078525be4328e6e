"""What must hold before anything else is imported."""

import os

os.environ["SCIPY_ARRAY_API"] = "1"  # scipy reads it once; without it scikit-learn skips a check
