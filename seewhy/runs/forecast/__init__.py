"""What a run will need, before it runs: put together from what each unit says of itself."""
