"""Files from elsewhere: predictions graded, judges measured on labelled chains, data sets searched for faults."""
