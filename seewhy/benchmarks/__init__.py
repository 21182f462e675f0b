"""Where questions come from, with gold answers and the rule by which each is matched."""
