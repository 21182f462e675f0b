"""Show what the rows say."""
