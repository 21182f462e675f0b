"""Turns of a conversation, as messages and as texts with picture marks."""
