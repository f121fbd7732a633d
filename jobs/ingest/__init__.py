"""From a department's drop folder to committed tables: one delivery at a time, whatever state it is in."""
