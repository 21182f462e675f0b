"""From files of one format to files of another, row by row."""
