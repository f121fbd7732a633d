"""How fast and how large: each bench runs the work beside a peer on the same work, in the same run."""
