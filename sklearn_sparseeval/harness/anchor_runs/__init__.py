"""Whether a run of anchors is what was to be run."""
