"""Selectors that draw items at random, so that a sample can be weighted to the whole."""
