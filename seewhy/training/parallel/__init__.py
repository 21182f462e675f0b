"""One training on several processes: who does what, and how gradients become those of one process."""
