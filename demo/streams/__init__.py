"""What happens in the city day by day, each stream with its own rhythm, rates by grid and words."""
