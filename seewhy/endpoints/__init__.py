"""The parts of a client for models behind a server: what is sent, read, kept, paid and tried again. No torch."""
