"""A provider's batch API."""
