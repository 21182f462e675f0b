"""A vision-language model as three verbs: encode, generate, score."""
