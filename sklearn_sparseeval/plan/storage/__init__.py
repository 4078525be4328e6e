"""A fitted predictor as a file: written and read without pickle."""
