"""History played again, a day at a time, with only what was known that day."""
