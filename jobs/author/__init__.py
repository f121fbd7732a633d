"""An author's hands: a contract drafted from a sample, and tried on a file, without touching the lake."""
