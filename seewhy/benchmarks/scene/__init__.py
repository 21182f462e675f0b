"""What pictures of published sets and of a package show, and questions about it with rationales."""
