"""Inspect: its logs are read, and anchors handed back to it."""
