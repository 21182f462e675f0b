"""How much of this machine's memory weights may take."""

SHARE = 0.4
"""Of the machine's memory that the weights of open models may take together; the one in use is always open."""
