"""HELM: its run folders are read."""
