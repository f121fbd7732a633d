"""Outbreak detection on counts: pure functions on arrays, many series at once, each naming its source."""
