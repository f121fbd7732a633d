"""What the quality desk looks at by hand: figures that are too odd to be reported honestly, on two independent tests."""
