"""The parts of `seewhy grade`."""
