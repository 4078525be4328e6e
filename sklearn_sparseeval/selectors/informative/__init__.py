"""Selectors of the items that say most about a model's ability, or that divide models most."""
