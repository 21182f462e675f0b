"""What is done by hand around runs: a machine is checked, a recipe begun, two runs compared, a model asked."""
