"""Run a stage over its rows, here or on a Ray cluster."""
