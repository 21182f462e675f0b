"""A web page on this machine over the folders of runs: questions, chains, pairs, credit. Needs `seewhy[view]`."""
