"""Say whether a chain is good and why, for all chains of a question at once."""
