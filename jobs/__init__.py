"""The work: ingest, register, warn, report, serve, and the command line."""
