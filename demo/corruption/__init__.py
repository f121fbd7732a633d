"""How real extracts go wrong: a catalogue of damage, and the dice that do it to a sheet or to any file.

For whoever writes sheets (demo/build.py):

    spoiler = Spoiler(plan)                     # the demo's conservative kinds; none when plan.noise is False
    spoiled = spoiler.spoil(sheet, ruin=False)  # one sheet; its dice come from plan.seed, sheet.feed, sheet.file_name
    write(spoiled.sheet, path, spoiled.instead) # position of a row -> the records written in its place
    noise += spoiled.noise_rows()               # rows of truth/noise.csv, columns NOISE_COLUMNS

Only struck rows become records; a sheet of millions stays the frame it was. Each kind says what a just screening may do
with it, judged by what a careful person could know from the file and the feed's documented words alone. Nothing here
knows how the lakehouse screens; what the spoiler does know is what the contracts promise in public: from which share of
held rows on a delivery is in doubt (HELD_SHARE stays below it, so that a day of the demo is dirty and not refused).
"""

from demo.corruption.catalogue import CATALOGUE, DEMO_KINDS
from demo.corruption.kind import Kind
from demo.corruption.spoiled import NOISE_COLUMNS, Mark, Spoiled
from demo.corruption.spoiler import HELD_SHARE, Spoiler

__all__ = ["CATALOGUE", "DEMO_KINDS", "HELD_SHARE", "NOISE_COLUMNS", "Kind", "Mark", "Spoiled", "Spoiler"]
