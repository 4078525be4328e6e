"""Selectors of the items from which the score is predicted best."""
