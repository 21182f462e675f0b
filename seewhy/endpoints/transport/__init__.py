"""Connections to a server: HTTP, pacing, waiting between tries."""
