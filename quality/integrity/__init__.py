"""Are the figures that a unit reports believable: tests of arrays, each by its published source, and what two of them say together."""
