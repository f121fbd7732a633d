"""What every test city is set to."""

KEY = "a key for tests, of no other use"
TODAY = "2026-06-29"
