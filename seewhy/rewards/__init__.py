"""What a rollout earns in online training: one file a reward."""
