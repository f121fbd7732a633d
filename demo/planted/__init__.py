"""What is planted for the warnings to find, and the truth about it."""
