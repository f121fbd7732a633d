"""How well the lakehouse did on the city whose truth is known: events, noise, quiet rows, conflicts, made-up figures, deliveries."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from demo.lake import Lake
from demo.same import same_value

ADMITTED = ["passed", "warned", "released"]
SURGES = ["incident_surge", "hotline_surge", "urban_case_surge"]
CLUSTERS = ["incident_cluster", "hotline_cluster", "burglary_near_repeat"]
EQUIPMENT = ["elevator_overdue", "gas_fire_overdue"]
NAMED = ["hazard_open", "matter_overdue"]  # the truth names their subject
DEVICES = ["elder_silent", "elder_declining", "device_failed"]
FAMILIES = [
    *SURGES, *CLUSTERS, *DEVICES, "repeat_matter", "city_vital", "hotline_unit_late", "paid_after_death", "pension_while_employed", "benefit_in_custody",
    "benefit_certificate_expired", *EQUIPMENT, *NAMED, "benefit_exclusive", "benefit_tier_age", "benefit_over_limit", "cremated_still_registered",
    "age_reached", "certificate_due", "entitled_not_enrolled",
]  # fmt: skip
EXPLAINED = {
    "incident_surge": ["incident_cluster", "burglary_near_repeat"], "hotline_surge": ["hotline_cluster", "repeat_matter"],
    "burglary_near_repeat": ["incident_surge", "incident_cluster"],
    "incident_cluster": ["incident_surge", "burglary_near_repeat"], "hotline_cluster": ["hotline_surge", "repeat_matter"],
}  # fmt: skip  # planted too: a warning about them is no false one
TABLES = ["events", "conflicts", "fabrications", "noise", "deliveries", "traits"]
PERSON_FEEDS = [
    "benefit_payment", "pension_payment", "death", "employment", "household_registration", "disability_certificate",
]  # fmt: skip
REPAIR_COLUMNS = ["delivery_id", "row_no", "column_name", "rule"]
CITY_DIGITS = 6  # of an area code: the city itself is around everything
OUTCOMES = ["expected", "silent", "otherwise", "wrong", "missed"]
PLACE_FEEDS = ["equipment_inspection", "repair"]


@dataclass
class Handled:
    """What the lake says of each row sent. delivered: file, feed, delivery_id, read_rows of the last admitted delivery
    of each file; held and repaired: file, feed, row_no and the reasons or the column and rule."""

    delivered: pd.DataFrame
    held: pd.DataFrame
    repaired: pd.DataFrame


def score(home: Path, truth_dir: Path) -> dict[str, Any]:
    """Everything the scorecard prints. Raises FileNotFoundError when the truth is not there."""
    truth = {name: pd.read_csv(truth_dir / f"{name}.csv", dtype=str, keep_default_na=False) for name in TABLES}
    lake = Lake(home)
    try:
        ledger = lake.read("ops/delivery", "delivery_id", "feed", "file_name", "status", "read_rows", "entry_no")
        ledger = ledger.sort_values("entry_no", kind="stable")
        handled = what_happened(lake, ledger)
        return {
            "events": score_events(lake, truth["events"]),
            "not_judged": not_judged(truth["events"]),
            "noise": score_noise(lake, truth["noise"], truth["deliveries"], handled),
            "quiet": score_quiet(truth["noise"], truth["traits"], handled),
            "conflicts": score_conflicts(lake, truth["conflicts"]),
            "fabrications": score_fabrications(lake, truth["fabrications"]),
            "deliveries": score_deliveries(truth["deliveries"], ledger),
        }
    finally:
        lake.close()


def what_happened(lake: Lake, ledger: pd.DataFrame) -> Handled:
    admitted = ledger[ledger["status"].isin(ADMITTED)].drop_duplicates("file_name", keep="last")
    delivered = admitted.rename(columns={"file_name": "file"})[["file", "feed", "delivery_id", "read_rows"]]
    held = [lake.read(f"held/{feed}", "delivery_id", "row_no", "reasons") for feed in delivered["feed"].unique()]
    repaired = lake.read("ops/repair", *REPAIR_COLUMNS)
    return Handled(delivered, _with_file(held, delivered), _with_file([repaired], delivered))


def _with_file(parts: list[pd.DataFrame], delivered: pd.DataFrame) -> pd.DataFrame:
    """Rows of admitted deliveries, with the file and feed they came in."""
    rows = pd.concat([pd.DataFrame(columns=REPAIR_COLUMNS), *parts], ignore_index=True)
    return rows.merge(delivered[["delivery_id", "file", "feed"]], on="delivery_id").astype({"row_no": "int64"})


# ---------------------------------------------------------------- events


def score_events(lake: Lake, events: pd.DataFrame) -> dict[str, Any]:
    """By family: planted events found or missed, and the warnings that match none. History is counted apart: a run
    for one day cannot be asked for the surges of earlier weeks."""
    warnings = lake.read(
        "gold/warning",
        "warning_id",
        "family",
        "subject",
        "grid_code",
        "category",
        "window_start",
        "window_end",
        "status",
        "level",
    )
    warnings["window_start"], warnings["window_end"] = (
        pd.to_datetime(warnings[end]).dt.tz_localize(None) for end in ("window_start", "window_end")
    )
    evidence = _behind(lake, warnings)
    return {family: _score_family(family, events, warnings, evidence) for family in FAMILIES}


def not_judged(events: pd.DataFrame) -> dict[str, int]:
    """Planted events of the families for which there is no detector yet."""
    return {str(name): int(count) for name, count in events["family"].value_counts().items() if name not in FAMILIES}


def _behind(lake: Lake, warnings: pd.DataFrame) -> pd.DataFrame:
    """Whom and what each warning rests on: warning_id, resident_id, estate, building (one row a piece of evidence)."""
    evidence = lake.read("gold/warning_evidence", "warning_id", "feed", "delivery_id", "row_no")
    sources = [("identity", feed, ["resident_id"]) for feed in PERSON_FEEDS]
    sources += [("silver", feed, ["estate", "building"]) for feed in PLACE_FEEDS]
    parts = [
        pd.DataFrame({name: pd.Series(dtype=object) for name in ("warning_id", "resident_id", "estate", "building")})
    ]
    for layer, feed, columns in sources:
        own = evidence[evidence["feed"] == feed]
        if len(own):
            parts.append(
                own.merge(lake.read(f"{layer}/{feed}", "delivery_id", "row_no", *columns), on=["delivery_id", "row_no"])
            )
    return pd.concat(parts, ignore_index=True)


def _score_family(family: str, events: pd.DataFrame, warnings: pd.DataFrame, evidence: pd.DataFrame) -> dict[str, Any]:
    raised = warnings[warnings["family"] == family]
    known = evidence[evidence["warning_id"].isin(raised["warning_id"])]
    matches = {
        event.event_id: _matching(event, raised, known) for event in events[events["family"] == family].itertuples()
    }
    current = set(events.loc[events["current"] == "1", "event_id"])
    true = {warning for ids in matches.values() for warning in ids}
    explained = {warning for event in events[events["family"].isin(EXPLAINED.get(family, []))].itertuples()
                 for warning in _in_its_grids(event, raised)}  # fmt: skip
    above = set(raised.loc[raised["status"] != "below_line", "warning_id"])
    false = raised[~raised["warning_id"].isin(true | explained)]
    return {
        "planted": len(current & set(matches)),
        "found": sum(bool(ids) for event, ids in matches.items() if event in current),
        "found_above_line": sum(bool(ids & above) for event, ids in matches.items() if event in current),
        "missed": sorted(event for event, ids in matches.items() if event in current and not ids),
        "history_planted": len(set(matches) - current),
        "history_found": sum(bool(ids) for event, ids in matches.items() if event not in current),
        "warnings": len(raised),
        "false": len(false),
        "false_above_line": int(false["warning_id"].isin(above).sum()),
        "false_warnings": [
            {
                "warning_id": row.warning_id,
                "subject": _text(row.subject),
                "grid_code": _text(row.grid_code),
                "category": _text(row.category),
                "window_end": f"{row.window_end:%Y-%m-%d}",
                "level": _text(row.level),
            }
            for row in false.itertuples()
        ],
    }


def _matching(event: Any, raised: pd.DataFrame, evidence: pd.DataFrame) -> set[str]:
    """Ids of the warnings that are about this event: its grid, kind and days; its person; its building."""
    if event.family in SURGES + CLUSTERS:
        return _in_its_grids(event, raised)
    if event.family in DEVICES:
        return set(raised.loc[raised["subject"] == event.equipment_no, "warning_id"])
    if event.family == "hotline_unit_late":
        return set(raised.loc[raised["subject"] == event.unit, "warning_id"])
    if event.family in EQUIPMENT:
        there = (evidence["estate"] == event.estate) & (evidence["building"] == event.building)
        told = raised["subject"].map(
            lambda subject: event.estate in _text(subject) and event.building in _text(subject)
        )
        return set(evidence.loc[there, "warning_id"]) | set(raised.loc[told.astype(bool), "warning_id"])
    if event.family == "repeat_matter":  # named by its first call or petition
        return set(raised.loc[raised["subject"].isin(event.keys.split("|")), "warning_id"])
    if event.family == "city_vital":  # more of all is more of a part of it
        return set(raised.loc[raised["subject"].map(_text).str.startswith(event.name), "warning_id"])
    if event.family in NAMED:
        return set(raised.loc[raised["subject"] == event.name, "warning_id"])
    return set(evidence.loc[evidence["resident_id"] == event.resident_id, "warning_id"])


def _in_its_grids(event: Any, raised: pd.DataFrame) -> set[str]:
    """Ids of the warnings about the event's category whose days meet its days, in one of its grids or in a community or town around it."""
    codes = tuple((getattr(event, "grids", "") or event.grid_code).split("|"))
    area = raised["grid_code"].map(_text)
    around = [len(one) > CITY_DIGITS and any(code.startswith(one) for code in codes) for one in area]
    same = (area.isin(codes) | pd.Series(around, index=raised.index, dtype=bool)) & (
        raised["category"] == event.category
    )
    meets = (raised["window_start"] <= pd.Timestamp(event.window_end)) & (
        raised["window_end"] >= pd.Timestamp(event.window_start)
    )
    return set(raised.loc[same & meets, "warning_id"])


def _text(value: Any) -> str:
    return "" if pd.isna(value) else str(value)


# ---------------------------------------------------------------- noise


def score_noise(lake: Lake, noise: pd.DataFrame, deliveries: pd.DataFrame, handled: Handled) -> dict[str, Any]:
    """By kind, each piece of noise in one of OUTCOMES: handled as expected; repaired without a word in the log (silent);
    held where it could be repaired or the reverse (otherwise); repaired to a wrong value; missed. Files that must be
    refused, and files that were never admitted, are left out and counted."""
    noise = noise.astype({"row_no": "int64"})
    refused = noise["file"].isin(deliveries.loc[deliveries["expect"] == "refuse", "file"])
    admitted = noise["file"].isin(handled.delivered["file"])
    asked = _with_kept_value(lake, noise[admitted & ~refused], handled.delivered)
    rows = [_outcome(rows, handled) for _, rows in asked.groupby("noise_id", sort=False)]
    outcomes = pd.DataFrame.from_records(rows, columns=["feed", "kind", "outcome"])
    return {
        "planted": len(outcomes),
        "by_kind": _tally(outcomes, "kind"),
        "by_feed": _tally(outcomes, "feed"),
        "in_refused_files": int(refused.sum()),
        "in_files_not_admitted": int((~admitted & ~refused).sum()),
    }


def _with_kept_value(lake: Lake, noise: pd.DataFrame, delivered: pd.DataFrame) -> pd.DataFrame:
    """The noise with what silver or identity keeps in its column (None for a null, and where no row is kept)."""
    noise = noise.merge(delivered[["file", "delivery_id"]], on="file")
    noise["kept_value"] = None
    for feed, own in noise[noise["column"] != ""].groupby("feed"):
        for layer in ("silver", "identity"):
            kept = lake.read(f"{layer}/{feed}")
            columns = [name for name in own["column"].unique() if name in kept]
            if not columns:
                continue
            found = own[["delivery_id", "row_no"]].merge(kept, how="left", on=["delivery_id", "row_no"])
            for name in columns:
                here = (own["column"] == name).to_numpy()
                noise.loc[own.index[here], "kept_value"] = found.loc[here, name].astype(object).to_numpy()
    return noise


def _outcome(rows: pd.DataFrame, handled: Handled) -> tuple[str, str, str]:
    """The outcome of one damaged record, or of records that repeat each other."""
    first = rows.iloc[0]
    repairs = _of_rows(handled.repaired, rows)
    logged = bool((repairs["column_name"] == first["column"]).any()) if first["column"] else len(repairs) > 0
    if len(_of_rows(handled.held, rows)):
        outcome = "otherwise" if first["expect"] == "repaired" else "expected"
    elif first["expect"] == "held":
        outcome = "otherwise" if logged else "missed"
    elif same_value(first["clean"], first["kept_value"]):
        outcome = "expected" if logged else "silent"
    else:
        outcome = "wrong" if logged else "missed"
    return first["feed"], first["kind"], outcome


def _of_rows(handled: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    own = handled[handled["file"] == rows["file"].iloc[0]]
    return own[own["row_no"].isin(rows["row_no"])]


def _tally(outcomes: pd.DataFrame, by: str) -> dict[str, dict[str, int]]:
    return {
        str(name): {"planted": len(own), **{n: int((own["outcome"] == n).sum()) for n in OUTCOMES}}
        for name, own in outcomes.groupby(by)
    }


def score_quiet(noise: pd.DataFrame, traits: pd.DataFrame, handled: Handled) -> dict[str, Any]:
    """Rows without planted noise that were held or repaired; reading what a system always writes (traits) is none."""
    planted = set(zip(noise["file"], noise["row_no"].astype(int), strict=True))
    habits = set(zip(traits["feed"], traits["column"], strict=True))
    held = _without(handled.held, planted, "file", "row_no")
    repaired = _without(handled.repaired, planted, "file", "row_no")
    repaired = _without(repaired, habits, "feed", "column_name")
    admitted = set(handled.delivered["file"])
    rows = int(handled.delivered["read_rows"].sum()) - sum(file in admitted for file, _ in planted)
    touched = pd.concat([held[["file", "row_no"]], repaired[["file", "row_no"]]]).drop_duplicates()
    return {
        "rows": rows,
        "held": len(held[["file", "row_no"]].drop_duplicates()),
        "repaired": len(repaired[["file", "row_no"]].drop_duplicates()),
        "touched_share": len(touched) / rows if rows else 0.0,
        "held_because": _most(held.explode("reasons"), "reasons") if len(held) else {},
        "repaired_by": _most(repaired.assign(why=repaired["rule"] + ":" + repaired["column_name"]), "why")
        if len(repaired)
        else {},
    }


def _without(rows: pd.DataFrame, known: set[tuple[str, Any]], *columns: str) -> pd.DataFrame:
    """The rows whose values in the columns are not among the known ones."""
    new = [pair not in known for pair in rows[list(columns)].itertuples(index=False, name=None)]
    return rows[pd.Series(new, index=rows.index, dtype=bool)]


def _most(rows: pd.DataFrame, column: str) -> dict[str, int]:
    counts = (rows["feed"] + " " + rows[column].astype(str)).value_counts().head(12)
    return {str(reason): int(count) for reason, count in counts.items()}


# ---------------------------------------------------------------- conflicts and deliveries


def score_conflicts(lake: Lake, conflicts: pd.DataFrame) -> dict[str, Any]:
    """Planted contradictions that the register lists; where it names no resident_id, both values must agree."""
    listed = lake.read("register/conflict").astype(str)
    found = [conflict.resident_id for conflict in conflicts.itertuples() if _is_listed(conflict, listed)]
    by_attribute = conflicts.groupby("attribute")["resident_id"].agg(["size", lambda ids: int(ids.isin(found).sum())])
    return {
        "planted": len(conflicts),
        "found": len(found),
        "listed": len(listed),
        "by_attribute": {
            str(name): {"planted": int(size), "found": int(hit)} for name, size, hit in by_attribute.itertuples()
        },
    }


def _is_listed(conflict: Any, listed: pd.DataFrame) -> bool:
    if "attribute" not in listed:
        return False
    own = listed[listed["attribute"] == conflict.attribute]
    if "resident_id" in own:
        return bool((own["resident_id"] == conflict.resident_id).any())
    return bool(((own == conflict.value_a).any(axis=1) & (own == conflict.value_b).any(axis=1)).any())


def score_fabrications(lake: Lake, fabrications: pd.DataFrame) -> dict[str, Any]:
    """By kind, the planted made-up figures that the last day's flags name, and those missed. false: flags of honest units,
    among them those whose honest habits were planted (expect quiet)."""
    flags = lake.read("ops/integrity_flag", "flagged_on", "feed", "unit", "figure", "tests")
    last = flags[flags["flagged_on"] == flags["flagged_on"].max()] if len(flags) else flags
    named = set(last[["feed", "unit", "figure"]].itertuples(index=False, name=None))
    planted = fabrications.assign(
        flagged=[row in named for row in fabrications[["feed", "unit", "figure"]].itertuples(index=False, name=None)]
    )
    made_up, honest = planted[planted["expect"] == "flag"], planted[planted["expect"] == "quiet"]
    known = set(made_up[["feed", "unit", "figure"]].itertuples(index=False, name=None))
    return {
        "by_kind": {
            str(kind): {
                "planted": len(own),
                "found": int(own["flagged"].sum()),
                "missed": sorted(own.loc[~own["flagged"], "unit"]),
            }
            for kind, own in made_up.groupby("kind")
        },
        "honest_habits": {str(kind): int(own["flagged"].sum()) for kind, own in honest.groupby("kind")},
        "false": sorted("/".join(map(str, flag)) for flag in named - known),
    }


def score_deliveries(deliveries: pd.DataFrame, ledger: pd.DataFrame) -> dict[str, Any]:
    """The planted bad deliveries and what they were given; and good files that were refused or failed."""
    last = (
        ledger[ledger["status"] != "repeated"]
        .drop_duplicates("file_name", keep="last")
        .set_index("file_name")["status"]
    )
    to_refuse = deliveries.loc[deliveries["expect"] == "refuse", "file"]
    bad = {str(file): str(last.get(file, "absent")) for file in to_refuse}
    return {
        "files": len(last),
        "to_refuse": bad,
        "refused_right": sum(status == "refused" for status in bad.values()),
        "good_but_refused": sorted(
            str(f) for f, s in last.items() if s in ("refused", "failed", "rejected") and f not in bad
        ),
        "warned": sorted(str(file) for file, status in last.items() if status == "warned"),
    }
