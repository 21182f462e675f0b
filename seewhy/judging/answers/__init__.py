"""Read the answer of a reply, and compare it with the gold one."""
