"""From the long table to a score matrix: one step per file."""
