"""Memory of a training step, predicted and measured."""
