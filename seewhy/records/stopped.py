"""What ends the work on a reply that nobody reads any more."""


class StoppedError(Exception):
    """Nobody reads on: the reply under way is let go. It is raised by whoever was given its pieces."""
