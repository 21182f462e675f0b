"""Alarms and probes of a training while it runs."""
