"""A trial of the screening: clean sheets are damaged as the catalogue knows how, taken in for real, and judged by the truth."""
