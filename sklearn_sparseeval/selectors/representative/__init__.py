"""Selectors of the items that stand for the others: centres of clusters, and coverings."""
