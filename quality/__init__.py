"""Is this batch to be believed: rows repaired, kept or held with reasons; batches passed, warned or refused."""
