"""Terms that objectives share."""
