"""Methods of surveillance: pure functions on arrays."""
