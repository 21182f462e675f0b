"""A recipe in a directory: its graph of steps, where their rows lie, and who runs them."""
