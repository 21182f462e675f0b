"""Whole runs as functions that return plans."""
