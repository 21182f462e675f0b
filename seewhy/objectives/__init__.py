"""The losses, as functions of log-probabilities and nothing else."""
