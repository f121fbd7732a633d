"""The daily brief: figures read from the serving file, linted, and printed as HTML and PDF."""
