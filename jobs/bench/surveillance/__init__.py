"""The warning methods on data whose truth is known, beside what is published of others."""
