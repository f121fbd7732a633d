"""The departments' extracts, one module a drop folder: what each writes down of the city, in its own words."""
