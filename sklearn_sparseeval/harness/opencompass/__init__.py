"""OpenCompass: its predictions and results are read, and anchors handed back to it."""
