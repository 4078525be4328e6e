"""One reader per harness, and what the readers share."""
