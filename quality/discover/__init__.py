"""What a sample alone tells of a feed: the first draft of its contract."""
