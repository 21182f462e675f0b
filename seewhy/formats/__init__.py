"""Other tools' files of questions, SFT examples and preference pairs: read, checked, written; one file a format."""
