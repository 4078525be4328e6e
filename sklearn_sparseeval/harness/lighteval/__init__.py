"""lighteval: its details are read."""
