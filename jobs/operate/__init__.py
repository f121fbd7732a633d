"""The operator's hands: orders on deliveries, a look at the whole, copies of it, and its upkeep."""
