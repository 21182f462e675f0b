"""Pictures that rows name or hold: found within their root, checked, and kept by their hash."""
