"""What people see: Superset as code."""
