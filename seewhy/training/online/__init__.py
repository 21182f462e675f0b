"""Training on rollouts that the model draws while it is trained."""
