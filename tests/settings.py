"""What every test city is set to, and where published data lie, of those who have them."""

import os
from pathlib import Path

KEY = "a key for tests, of no other use"
TODAY = "2026-06-29"
PATIENCE = 900  # seconds a test waits for what must come: no promise of the product, so that no busy machine fails it
DATA = Path(os.environ.get("CITYBRAIN_BENCH_DATA") or Path(__file__).parents[2] / "shared" / "data")
