"""Prompts and responses of a question in one row: layout, attention, log-probabilities."""
