"""VLMEvalKit: its tables are read, and anchors handed back to it."""
