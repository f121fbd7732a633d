"""One matter brought again: calls and petitions linked by what they say, where and when. Texts are read in the identity layer and stay there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobs.warn.candidate import Candidate
from jobs.warn.clusters import rows_behind
from jobs.warn.methods.matters import RECENT_DAYS, Matters, link_texts, matter_of, repeated_matters, sorts_like
from schemas.codes import load_code_list
from schemas.warning_rule import Places, Repeat, Telling, WarningRule

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LEAST = 3  # tellings: two may be alike by chance
OTHER_VOICES = 2  # that a matter of no known place needs: one person's letters are alike in their manner
NONE = ""
COLUMNS = ["feed", "delivery_id", "row_no", "number", "day", "at", "ended", "channel", "sort", "area", "unit", "voice", "subject", "text"]  # fmt: skip


def find_repeats(spark: SparkSession, rule: WarningRule, repeat: Repeat, as_of: date) -> Iterator[Candidate]:
    """Each matter that came three times in thirty days, twice after it was closed, from five people in two weeks, or by a higher channel."""
    told = tellings(spark, repeat, as_of)
    if len(told) < 2:
        return
    told = _placed(told, spark, repeat.places)
    told["sort"] = sorts_like(told["subject"].tolist(), told["text"].tolist(), told["sort"].tolist())
    days = told["day"].to_numpy(dtype=np.int64)
    links = link_texts(
        told["subject"].tolist(), told["text"].tolist(), told["area"].tolist(), days,
        sorts=told["sort"].tolist(), spots=told["spot"].tolist(), voices=told["voice"].tolist(),
    )  # fmt: skip
    told["matter"] = matter_of(len(told), days, links)
    told["again"] = _came_back(told)
    heat = repeated_matters(
        told["matter"].to_numpy(),
        days,
        told["channel"].to_numpy(dtype=np.int64),
        told["voice"].tolist(),
        -1,
        reopened=told["again"].to_numpy(),
    )
    for at in np.flatnonzero([bool(level) for level in heat.level]):
        own = told[told["matter"] == heat.matter[at]]
        placed = own["area"].ne(NONE).any()
        if (
            len(own) >= LEAST
            and own["day"].max() >= -RECENT_DAYS
            and (placed or own["voice"].nunique() >= OTHER_VOICES)
        ):
            yield _candidate(spark, rule, repeat, own, heat, int(at), as_of)


def tellings(spark: SparkSession, repeat: Repeat, as_of: date) -> pd.DataFrame:
    """Current rows of the tellings' feeds, with what identity keeps of them: COLUMNS, in the order they came; day: -1 the day before as_of."""
    parts = [
        _rows(spark, telling, channel, as_of - timedelta(days=repeat.history_days), as_of)
        for channel, telling in enumerate(repeat.tellings)
        if spark.catalog.tableExists(f"identity_{telling.feed}")
    ]
    told = pd.concat([part for part in parts if len(part)] or [pd.DataFrame(columns=COLUMNS)], ignore_index=True)
    return told.sort_values(["at", "feed", "delivery_id", "row_no"], ignore_index=True, kind="stable")


def _rows(spark: SparkSession, telling: Telling, channel: int, start: date, as_of: date) -> pd.DataFrame:
    feed, hidden = telling.feed, set(spark.table(f"identity_{telling.feed}").columns)

    def column(part: str) -> str:
        name = getattr(telling, part)
        return f"{'i' if name in hidden else 'f'}.`{name}`" if name else "CAST(NULL AS STRING)"

    parts = ("number", "sort", "area", "unit", "voice", "subject", "text")
    rows = spark.sql(
        f"SELECT '{feed}' AS feed, f.delivery_id, f.row_no, {channel} AS channel, {column('time')} AS at, CAST({column('ended')} AS TIMESTAMP) AS ended, "
        f"datediff(CAST({column('time')} AS DATE), DATE '{as_of}') AS day, {', '.join(f'coalesce({column(part)}, {NONE!r}) AS {part}' for part in parts)} "
        f"FROM {feed} f JOIN identity_{feed} i ON f.delivery_id = i.delivery_id AND f.row_no = i.row_no "
        f"WHERE {column('time')} >= TIMESTAMP '{start} 00:00:00' AND {column('time')} < TIMESTAMP '{as_of} 00:00:00'"
    ).toPandas()
    rows["voice"] = [f"{feed} {voice}" if voice else NONE for voice in rows["voice"]]
    return rows[COLUMNS]


def _placed(told: pd.DataFrame, spark: SparkSession, places: Places) -> pd.DataFrame:
    """Adds `spot`, the name by which the text itself says where, takes it out of the text, and fills the area that it lies in."""
    known = spark.sql(
        f"SELECT {places.name} AS name, min({places.area}) AS area FROM {places.feed} WHERE {places.name} IS NOT NULL GROUP BY 1 "
        f"HAVING count(DISTINCT {places.area}) = 1"
    ).collect()
    area_of = {row["name"]: row["area"] for row in known if len(row["name"]) > 1}
    finder = _Names(list(area_of))
    spots = [finder.first(f"{subject} {text}") for subject, text in zip(told["subject"], told["text"], strict=True)]
    found = [area_of.get(spot, NONE) for spot in spots]
    return told.assign(
        spot=spots,
        area=[own or by_name for own, by_name in zip(told["area"], found, strict=True)],
        subject=[text.replace(spot, "") if spot else text for text, spot in zip(told["subject"], spots, strict=True)],
        text=[text.replace(spot, "") if spot else text for text, spot in zip(told["text"], spots, strict=True)],
    )


class _Names:
    """Finds which of many names a text holds, by their first two characters."""

    def __init__(self, names: list[str]) -> None:
        self.by_head: dict[str, list[str]] = {}
        for name in sorted(names, key=len, reverse=True):
            self.by_head.setdefault(name[:2], []).append(name)

    def first(self, text: str) -> str:
        """The first one, the longest where several begin there; "" for none."""
        for at in range(len(text) - 1):
            for name in self.by_head.get(text[at : at + 2], ()):
                if text.startswith(name, at):
                    return name
        return NONE


def _came_back(told: pd.DataFrame) -> NDArray[np.bool_]:
    """Whether an earlier telling of the same matter had been closed when this one came."""
    back = np.zeros(len(told), dtype=bool)
    for _, own in told.groupby("matter"):
        if len(own) > 1:
            closed = own["ended"].cummin().shift()
            back[own.index] = (closed <= own["at"]).to_numpy()
    return back


def _candidate(
    spark: SparkSession, rule: WarningRule, repeat: Repeat, own: pd.DataFrame, heat: Matters, at: int, as_of: date
) -> Candidate:  # fmt: skip
    """Named by the number of its first telling. The area is the one that most of its tellings are about."""
    first, last = (as_of + timedelta(days=int(day)) for day in (own["day"].min(), own["day"].max()))
    areas, units, spots = (own.loc[own[name] != NONE, name] for name in ("area", "unit", "spot"))
    words = load_code_list(repeat.codes).codes.get(own["sort"].mode().iloc[0], ("", ""))
    ways = [(telling.said, int((own["feed"] == telling.feed).sum())) for telling in repeat.tellings]
    said: dict[str, float | str] = {
        "spot": spots.mode().iloc[0] if len(spots) else "", "sort": words[0], "sort_en": words[1], "days": (last - first).days + 1,
        "channels": "、".join(f"{said.zh}{count}" for said, count in ways if count),
        "channels_en": ", ".join(f"{said.en} {count}" for said, count in ways if count),
        "recent": float(heat.recent[at]), "voices": float(own.loc[own["voice"] != NONE, "voice"].nunique()), "reopened": float(heat.reopened[at]),
        "climbed": ",已升级反映" if heat.climbed[at] else "", "climbed_en": ", and has climbed" if heat.climbed[at] else "",
    }  # fmt: skip
    evidence = [
        row for telling in repeat.tellings if len(mine := own[own["feed"] == telling.feed])
        for row in rows_behind(spark, telling.feed, telling.time, mine)
    ]  # fmt: skip
    return Candidate(
        rule, str(own["number"].iloc[0]), areas.mode().iloc[0] if len(areas) else None, None, first, last, float(len(own)), 0.0, None,
        score_of(rule, heat.level[at], float(heat.score[at])), evidence, unit_zh=units.iloc[-1] if len(units) else None, more=said,
    )  # fmt: skip


def score_of(rule: WarningRule, level: str, heat: float) -> float:
    """Where the level starts at a heat of one, and half as much again at ten; a yellow matter stays below orange."""
    least, above = rule.levels.get(level, 1.0), rule.levels.get("orange", np.inf)  # type: ignore[call-overload]
    grown = least * (1 + 0.5 * float(np.log10(max(1.0, heat))))
    return grown if level == "orange" else min(grown, above - 0.01)
