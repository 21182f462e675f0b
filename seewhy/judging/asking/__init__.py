"""What judges that ask a model share: messages, reply schemas, reading of replies."""
