"""Stand-ins that ship with the package: a scripted model, and an oracle that knows inkgrid."""
