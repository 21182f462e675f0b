"""Rows in the exact schema of published data sets, written for the tests: no row of any data set is among them."""
