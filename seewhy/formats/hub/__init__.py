"""Folders of rows on the Hub: the card, sending and fetching."""
