"""The parts of every format: rows as they lie in files, faults, and what a row says once it was read."""
