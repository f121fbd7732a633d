"""The kinds of damage, one module a matter: how things are written, dates, numbers, codes, people, words, rows, files."""
