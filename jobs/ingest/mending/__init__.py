"""The noise given back: rows to mend go out as CSV and XLSX, and the mended file, dropped as it is, closes the held rows."""
