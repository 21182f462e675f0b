"""The parts of inkgrid: scans of digits, pages, kinds of question, and the sentences that solve them."""
