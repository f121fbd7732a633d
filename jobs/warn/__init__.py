"""Early warnings: detectors as pure functions, rules as data, and the warnings they raise."""
