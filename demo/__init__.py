"""A fictional city to try the lakehouse on, and the truth about what was planted in it."""
