"""The examples of docs/examples: each is run as its page says."""
