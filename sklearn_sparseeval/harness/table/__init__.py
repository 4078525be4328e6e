"""The long table: one row per model, task, item, metric, filter and epoch."""
