"""Kinds of varied pictures: what stands in the place of a question's picture where an objective compares the two."""
