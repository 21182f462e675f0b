"""Move weights: make the views an objective asks for, step, save, resume."""
