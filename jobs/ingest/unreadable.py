"""A delivery that cannot be read as a whole, in words for the department."""

from __future__ import annotations


class Unreadable(ValueError):
    """The file as a whole is refused; the text says in Chinese what is wrong and what to do."""
