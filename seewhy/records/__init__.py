"""The rows every stage reads and writes, how they are kept, and where they came from."""
