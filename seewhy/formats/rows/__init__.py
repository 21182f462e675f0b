"""The parts of every format: rows as files hold them, faults, and what a row says once it was read."""
