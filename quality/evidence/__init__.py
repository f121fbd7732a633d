"""What a batch itself says of its odd cells: values that others of the same kind contradict, and what stands there instead."""
