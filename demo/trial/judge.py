"""What became of each planted error, by kind, and what the screening did to rows that nobody had touched."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import pandas as pd

from demo.same import same_value
from demo.trial.intake import Taken
from demo.trial.sources import Sent
from schemas.contract import Contract

Outcome = Literal["right", "held_instead", "wrong", "missed"]
OUTCOMES: tuple[Outcome, ...] = ("right", "held_instead", "wrong", "missed")
BOOLEANS = {"是": "true", "否": "false", "1": "true", "0": "false", "y": "true", "n": "false"}
UNSEEN = re.compile("[\u200b-\u200f\u2060\ufeff\u00ad]")  # no part of what is said, also in a file nobody damaged
ROUNDED = {"degrees_minutes", "micro_degrees"}  # kinds whose sent form holds fewer digits than the true value
A_METRE = 1e-5  # degrees
EXAMPLES, SHORT = 3, 40  # of each outcome, signs of a text
UNTOLD = {  # kinds whose sent value is as believable as the true one: what it would take to see them
    "excel_serial_1904": "the file's date system",
    "month_day_swapped": "another column to compare with",
    "eight_hours_off": "another column to compare with",
    "in_fen": "the usual amount of this person or kind",
    "in_wan": "the usual amount of this person or kind",
    "name_alike": "another department's word for the same person",
    "name_turned": "another department's word for the same person",
    "old_code": "a table of merged grids",
    "last_digits_zeroed": "the list of grids",
    "datum_shift": "the grid's outline",
    "cut_decimals": "a rule on the precision of coordinates",
    "filler_number": "a placeholder in the contract",
    "test_word": "a pattern or a list of words in the contract",
    "word_as_code": "a list whose codes are not words",
    "two_words": "a list of words in the contract",
    "starred": "a pattern in the contract",
    "parent_code": "the list of grids",
    "cut_at_255_bytes": "the length of the field in the sending system",
    "name_in_pinyin": "a pattern in the contract",
    "name_traditional": "another department's word for the same person",
}


@dataclass
class Tally:
    """One kind: how many were planted, and how each ended. examples: 'row column: sent' of those not right."""

    counts: Counter[Outcome] = field(default_factory=Counter)
    examples: dict[Outcome, list[str]] = field(default_factory=dict)

    def add(self, outcome: Outcome, example: str) -> None:
        self.counts[outcome] += 1
        seen = self.examples.setdefault(outcome, [])
        if outcome != "right" and len(seen) < EXAMPLES:
            seen.append(example)

    @property
    def planted(self) -> int:
        return self.counts.total()

    @property
    def recall(self) -> float:
        """Ended as a just screening would have it, of all planted."""
        return self.counts["right"] / self.planted

    @property
    def precision(self) -> float | None:
        """Repaired to the true value or held, of all that it repaired or held; None where it did neither."""
        just = self.counts["right"] + self.counts["held_instead"]
        return just / (just + self.counts["wrong"]) if just + self.counts["wrong"] else None


@dataclass
class Judged:
    """Of one or more files. damage: cells of untouched rows whose kept value is not what was sent; false_holds: untouched
    rows that are held though their clean file keeps them, by reason; native: rows that the clean file holds, by reason."""

    kinds: dict[str, Tally] = field(default_factory=dict)
    rows: int = 0
    clean_rows: int = 0
    clean_cells: int = 0
    damage: Counter[str] = field(default_factory=Counter)
    false_holds: Counter[str] = field(default_factory=Counter)
    native: Counter[str] = field(default_factory=Counter)
    rules: dict[str, Counter[str]] = field(default_factory=dict)
    gates: list[str] = field(default_factory=list)


def judge(into: Judged, contract: Contract, sent: Sent, taken: Taken, clean: Taken) -> None:
    """Adds what became of one damaged file, whose clean self was taken in too."""
    sent = _as_counted(sent)
    native = _texts_of(clean, clean.held["row_no"])
    reasons = dict(zip(taken.held["row_no"], taken.held["reasons"], strict=True))
    logged = {
        (row, name): rule
        for row, name, rule in taken.repairs[["row_no", "column_name", "rule"]].itertuples(index=False)
    }
    told = _Told(contract, taken, reasons, logged)
    for mark in _accidents(contract, sent, {texts[list(clean.sent).index(contract.key[0])] for texts in native}):
        if told.is_held_for_another(mark):
            continue
        outcome = told.outcome(mark)
        first = mark[0]
        example = f"row {first['row_no']} {first['column']}: {_short(first['sent'])} for {_short(first['clean'])}"
        into.kinds.setdefault(first["kind"], Tally()).add(outcome, example)
        told.credit(into, mark, outcome)
    _judge_untouched(into, told, {row["row_no"] for row in sent.noise}, native)
    into.rows += taken.read_rows
    into.native.update(reason for found in clean.held["reasons"] for reason in found)
    share, gate = len(reasons) / max(1, taken.read_rows), contract.gate.held
    answer = "refuse" if share > gate.refuse else "warn" if share > gate.warn else "pass"
    into.gates.append(
        f"{contract.feed}: {share:.1%} of {taken.read_rows:,} rows held, gate {taken.status}; by its contract it would {answer}"
    )


def _as_counted(sent: Sent) -> Sent:
    """Without the blank lines of a CSV, zipped or not, which the truth counts as records and the intake does not."""
    if sent.name.endswith(".xlsx"):
        return sent
    blank = sorted(row["row_no"] for row in sent.noise if row["kind"] == "blank_line")
    told = [row for row in sent.noise if row["kind"] != "blank_line"]
    return replace(sent, noise=[row | {"row_no": row["row_no"] - bisect_left(blank, row["row_no"])} for row in told])


@dataclass(frozen=True)
class _Told:
    """What the tables tell of one file's rows. reasons: row_no -> why it is held; logged: (row_no, column) -> rule."""

    contract: Contract
    taken: Taken
    reasons: dict[int, list[str]]
    logged: dict[tuple[int, str], str]

    def is_held_for_another(self, marks: list[dict]) -> bool:
        """Whether another row, whose key was damaged, took this row's key: both are held, and nothing is told of this error."""
        held = {reason for mark in marks for reason in self.reasons.get(mark["row_no"], ())}
        own = {mark["column"] for mark in marks}
        return held == {"duplicate_key:"} and not own & {"", *self.contract.key}

    def outcome(self, marks: list[dict]) -> Outcome:
        """Of one accident: of a repeated row it is enough that one of the two is held."""
        first, expect = marks[0], marks[0]["expect"]
        if held := [reason for mark in marks for reason in self.reasons.get(mark["row_no"], ())]:
            needed = not first["clean"] and all(
                reason.startswith("row:") for reason in held
            )  # a value lost that a rule needs
            return "held_instead" if expect in ("repaired", "kept") and not needed else "right"
        if not first["column"]:
            return "right" if expect == "either" or expect == "kept" else "missed"
        just = all(self._is_kept(mark, mark["clean"]) for mark in marks)
        mended = any((mark["row_no"], mark["column"]) in self.logged for mark in marks)
        if expect == "held":
            return "wrong" if mended else "missed"
        if just or (expect == "kept" and all(self._is_kept(mark, mark["sent"]) for mark in marks)):
            return "right"
        return "wrong" if mended else "missed"

    def credit(self, into: Judged, marks: list[dict], outcome: Outcome) -> None:
        """Each rule that spoke about the accident, with how it ended."""
        spoke = {reason for mark in marks for reason in self.reasons.get(mark["row_no"], ())}
        for mark in marks:
            if (mark["row_no"], mark["column"]) in self.logged and mark["row_no"] not in self.reasons:
                spoke.add(f"repair {self.logged[mark['row_no'], mark['column']]}")
        for rule in spoke:
            into.rules.setdefault(_rule_of(rule), Counter())[
                "just" if outcome in ("right", "held_instead") else "wrong"
            ] += 1

    def value(self, row_no: int, column: str) -> Any:
        return self.taken.kept[column].get(row_no) if column in self.taken.kept else None

    def _is_kept(self, mark: dict, text: str) -> bool:
        value = self.value(mark["row_no"], mark["column"])
        if mark["kind"] in ROUNDED and isinstance(value, float):
            return abs(value - float(text)) <= A_METRE
        return means(self.contract, mark["column"], text, value)


def means(contract: Contract, column: str, text: str, kept: Any) -> bool:
    """Whether the kept value is the text's, by the contract's words where it has some."""
    spec = contract.columns.get(column)
    bare = UNSEEN.sub("", text).strip(" \t\r\n\u3000\u00a0")
    if spec is not None and spec.words and bare:
        return spec.words.get(bare) == kept
    if spec is not None and spec.type == "boolean" and bare:
        return BOOLEANS.get(bare.lower(), bare.lower()) == str(kept).lower()
    return same_value(bare, kept)


def _accidents(contract: Contract, sent: Sent, native_keys: set[str]) -> list[list[dict]]:
    """The planted errors, marks of one accident together, but for those in rows that the clean file holds anyway, and numbers
    meant to be out of range that the contract's range allows."""
    together: dict[str, list[dict]] = {}
    for row in sent.noise:
        if row["key"] not in native_keys and not _is_allowed(contract, row):
            together.setdefault(f"{row['noise_id']} {row['kind']}", []).append(row)
    return list(together.values())


def _is_allowed(contract: Contract, row: dict) -> bool:
    spec = contract.columns.get(row["column"])
    if row["kind"] != "out_of_range" or spec is None:
        return False
    return spec.range is None or spec.range[0] <= float(row["sent"]) <= spec.range[1]


def _texts_of(taken: Taken, rows: pd.Series) -> set[tuple]:
    return set(taken.sent.loc[list(rows), _columns(taken)].fillna("").itertuples(index=False, name=None))


def _columns(taken: Taken) -> list[str]:
    return [name for name in taken.sent.columns if name not in ("delivery_id", "file_name", "defect", "extra")]


def _judge_untouched(into: Judged, told: _Told, touched: set[int], native: set[tuple]) -> None:
    sent = told.taken.sent.fillna("")
    clean = sent[~sent.index.isin(touched)]
    for row_no in clean.index[clean.index.isin(list(told.reasons))]:
        if tuple(clean.loc[row_no, _columns(told.taken)]) not in native:
            into.false_holds.update(told.reasons[row_no])
            for reason in told.reasons[row_no]:
                into.rules.setdefault(_rule_of(reason), Counter())["clean"] += 1
    kept = clean[~clean.index.isin(list(told.reasons))]
    into.clean_rows += len(clean)
    for column in _columns(told.taken):
        into.clean_cells += len(kept)
        values = told.taken.kept[column].reindex(kept.index)
        pairs = pd.DataFrame({"text": kept[column], "value": values.astype(object)})
        for text, value, count in (
            pairs.groupby(["text", pairs["value"].astype(str)], sort=False)["value"]
            .agg(["first", "size"])
            .reset_index()[["text", "first", "size"]]
            .itertuples(index=False)
        ):
            if not means(told.contract, column, text, value):
                into.damage[f"{told.contract.feed}.{column}"] += int(count)


def _short(text: str) -> str:
    return repr(text if len(text) <= SHORT else f"{text[:SHORT]}…")


def _rule_of(reason: str) -> str:
    """'check_digit:resident_id' is the rule check_digit; 'row:ended_after_began' is itself."""
    rule, _, rest = reason.partition(":")
    return f"row {rest}" if rule == "row" else rule
