"""A recipe in a directory: its graph of steps, the paths of their rows, and what runs them."""
