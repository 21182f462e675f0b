"""The parts of every benchmark that reads a published data set: its files, rows and pictures, and what it is."""
