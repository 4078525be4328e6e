"""Anchors as each harness takes them."""
