"""The grammar of a feed's contract: one YAML a feed, and the only spelling of its columns."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, timedelta
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from statistics import median
from typing import Annotated, Any, Literal

import sqlglot
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from sqlglot import expressions
from sqlglot.errors import SqlglotError

from schemas.codes import load_code_list
from schemas.faults import ContractFault, read_strictly
from schemas.integrity import Integrity
from schemas.watch import Watch
from schemas.written import Cron, Duration, Encoding, Regex, Share, Zone, duration, first_group, strptime_of

FEEDS = Path(__file__).parent / "feeds"

Kind = Literal["events", "snapshot", "changes"]
Policy = Literal["hold", "mark"]
ColumnType = Literal[
    "string", "integer", "number", "money", "date", "timestamp", "boolean",
    "resident_id", "mobile", "person_name", "free_text",
]  # fmt: skip
IDENTIFYING: frozenset[str] = frozenset({"resident_id", "mobile", "person_name", "free_text"})
LONGEST_PERIOD = 32
FEWEST_FOR_MEDIAN = 3
AHEAD = timedelta(days=31)  # a file may name a period that has not begun, not one far away
SLUG = r"^[a-z][a-z0-9_]{1,48}$"
OURS = frozenset(
    {"row_no", "defect", "extra", "reasons", "repairs", "received_at", "delivery_id", "file_name", "row_key"}
    | {"period", "attempt", "newest", "person_id"}
)  # columns of our own tables
ROW_RULE_CONTEXT = frozenset({"received_at"})
ROW_RULE_FUNCTIONS = {
    "id_birth_date": "try_strptime(substr(id, 7, 8), '%Y%m%d')::DATE",  # of an 18-digit resident ID
    "id_sex": "CASE try_cast(substr(id, 17, 1) AS INTEGER) % 2 WHEN 1 THEN 'male' WHEN 0 THEN 'female' END",
}  # what a row rule may ask of a resident ID besides DuckDB's own functions, as SQL over `id`


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class PeriodDue(Strict):
    """Which period falls due at a time of `every`: `lag` before that time, written as `form` (yyyyMMdd)."""

    form: str
    lag: timedelta

    def at(self, due_at: datetime) -> str:
        return (due_at - self.lag).strftime(strptime_of(self.form))


def _period_due(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    found = re.fullmatch(r"(yyyy(?:MM(?:dd)?)?)(?:\s*-\s*(\d+\s*[hd]))?", text)
    if not found:
        raise ValueError(
            "write the period that is due as 'yyyyMMdd', or 'yyyyMMdd - 1d' when it is about the day before"
        )
    return PeriodDue(form=found[1], lag=duration(found[2]) if found[2] else timedelta())


class Words(Strict):
    zh: str
    en: str


class Owner(Strict):
    department: str
    folder: str = Field(pattern=SLUG)
    contact: str


class Delivery(Strict):
    """How and when files of the feed arrive.

    `period` captures the period from the file's name; without it the day of arrival is the period. `period_due` says which
    period each time of `every` brings, so that a missing one has a name. `header_lines`: how many lines the headers span.
    """

    files: str
    kind: Kind
    every: Cron
    late_after: Duration
    format: Literal["csv", "xlsx", "jsonl"] = "csv"
    encoding: Encoding = "utf-8"
    delimiter: str = Field(",", min_length=1, max_length=1)
    header_row: int = Field(1, ge=1, le=50)
    header_lines: int = Field(1, ge=1, le=3)
    period: Regex | None = None
    period_due: Annotated[PeriodDue | None, BeforeValidator(_period_due)] = None

    @model_validator(mode="after")
    def _period_has_one_group(self) -> Delivery:
        if self.period and re.compile(self.period).groups != 1:
            raise ValueError("period: needs exactly one (group) that captures the period from the file's name")
        return self


class Reference(Strict):
    """Another feed's column. What it does not know is marked as a rule: the other feed may be late."""

    feed: str = Field(pattern=SLUG)
    column: str = Field(pattern=SLUG)
    policy: Policy = "mark"


def _reference(said: Any) -> Any:
    if not isinstance(said, str):
        return said
    feed, _, column = said.partition(".")
    return {"feed": feed, "column": column}


class Column(Strict):
    """One column: the headers it may stand under, its type, and what a believable value is.

    `policy` says what becomes of a row whose cell is not believable: held, or kept with the cell marked. `unit` lists words that may
    follow a number and are taken off. `spelling`: a rare value a letter or two from a frequent one of the same batch is that one
    misspelt. `references` (feed.column): another feed's current rows must know the value.

    `privacy`: L1 open, L2 for the administration, L3 personal (what tells who somebody is, or joins rows of one person, household,
    home, device or employer), L4 sensitive. L1 and L2 alone leave in rows; a column of no class does not. `quasi_identifier`: with
    others it tells who somebody is, so it leaves only where enough rows are alike in them (jobs/disclosure.py).
    """

    aliases: list[str] = Field(alias="from", min_length=1)
    type: ColumnType
    required: bool = False
    formats: list[str] = []
    zone: Zone | None = None
    codes: str | None = None
    map: dict[str, str] = {}
    pattern: Regex | None = None
    range: tuple[float, float] | None = None
    privacy: Literal["L1", "L2", "L3", "L4"] | None = None
    quasi_identifier: bool = False
    identifying: bool = False
    placeholders: list[str] = []  # what this column's senders write for nothing, besides the usual 无 and —
    repair: bool = True
    policy: Policy = "hold"
    unit: list[str] = []
    spelling: bool = False
    references: Annotated[Reference | None, BeforeValidator(_reference)] = None

    @model_validator(mode="before")
    @classmethod
    def _identifying_is_personal(cls, given: Any) -> Any:
        personal = isinstance(given, dict) and (given.get("type") in IDENTIFYING or given.get("identifying") is True)
        if personal and "privacy" not in given:
            return {**given, "privacy": "L3"}
        return given

    @model_validator(mode="after")
    def _keys_fit_the_type(self) -> Column:
        if self.formats and self.type not in ("date", "timestamp"):
            raise ValueError(f"formats: only a date or timestamp has formats, this is a {self.type}")
        if self.zone and self.type != "timestamp":
            raise ValueError(f"zone: only a timestamp has a zone, this is a {self.type}")
        if self.range and self.type not in ("integer", "number", "money"):
            raise ValueError(f"range: only a number has a range, this is a {self.type}")
        if self.unit and self.type not in ("integer", "number", "money"):
            raise ValueError(f"unit: only a number has a unit, this is a {self.type}")
        if self.spelling and self.type != "string":
            raise ValueError(f"spelling: only a string has a vocabulary, this is a {self.type}")
        if self.range and self.range[0] > self.range[1]:
            raise ValueError("range: the lower end comes first")
        if self.codes and self.map:
            raise ValueError("codes and map say the same thing twice; keep one")
        if self.quasi_identifier and not self.leaves:
            raise ValueError(
                "quasi_identifier: what is L3, L4 or of no class leaves in no row; take it away, or say privacy: L2"
            )
        if self.identifies and self.privacy in ("L1", "L2"):
            raise ValueError(f"privacy: what tells who a person is, as this {self.type} does, is at least L3")
        for form in self.formats:
            strptime_of(form)
        if self.codes:
            load_code_list(self.codes)
        return self

    @property
    def identifies(self) -> bool:
        """True when the value tells who a person is: it is kept in `identity.<feed>`, never in silver."""
        return self.identifying or self.type in IDENTIFYING

    @property
    def leaves(self) -> bool:
        """Whether it may leave in rows, to dashboards and analysts: its contract says that it is nobody's own."""
        return self.privacy in ("L1", "L2")

    @property
    def words(self) -> dict[str, str]:
        """Each word a department may send, and the code we keep."""
        return load_code_list(self.codes).words if self.codes else dict(self.map)


class RowRule(Strict):
    must: str
    zh: str
    policy: Policy = "hold"


class Dependency(Strict):
    """A functional dependency: rows alike in the determinant are alike in each dependent column.

    Where one value clearly dominates among the rows alike, a cell that differs is mended to it, if `repair` says so; where none
    does, `policy` says what becomes of the row. alike: nobody has vouched for the rule yet, so that it mends what is empty,
    malformed or written nearly alike, but another word only against thirty rows.
    """

    determinant: list[str] = Field(min_length=1)
    dependent: list[str] = Field(min_length=1)
    repair: bool | Literal["alike"] = True
    policy: Policy = "mark"


class Alike(Strict):
    """Columns in which no two rows of a delivery may be alike under different keys: one matter entered twice."""

    columns: list[str] = Field(min_length=1)
    policy: Policy = "mark"


class HeldShare(Strict):
    warn: Share
    refuse: Share


class Volume(Strict):
    """Rows of a delivery as a share of the median of the feed's last admitted deliveries."""

    low: float
    high: float
    deliveries: int

    def usual_rows(self, newest_first: list[int]) -> float | None:
        """The median of the last admitted deliveries' rows; None while there are too few to tell."""
        return median(newest_first[: self.deliveries]) if len(newest_first) >= FEWEST_FOR_MEDIAN else None


def _volume(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    found = re.fullmatch(r"(\d+)%\.\.(\d+)% of (\d+)-delivery median", text)
    if not found:
        raise ValueError("write volume as '50%..200% of 7-delivery median'")
    return Volume(low=int(found[1]) / 100, high=int(found[2]) / 100, deliveries=int(found[3]))


class Gate(Strict, Watch):
    held: HeldShare
    volume: Annotated[Volume | None, BeforeValidator(_volume)] = None


class Example(Strict):
    keep: dict[str, str] | None = None
    hold: dict[str, str] | None = None
    because: list[str] = []

    @model_validator(mode="after")
    def _one_of_both(self) -> Example:
        if (self.keep is None) == (self.hold is None):
            raise ValueError("an example either keeps or holds a row")
        if bool(self.hold) != bool(self.because):
            raise ValueError("a held example says because of which columns or row rules")
        return self


class Contract(Strict):
    """One feed as its department promises it.

    `run_together` names pairs of columns of which some systems write both into the first: 'Madison WI' and nothing.
    """

    feed: str = Field(pattern=SLUG)
    title: Words
    owner: Owner
    delivery: Delivery
    key: list[str] = Field(min_length=1)
    columns: dict[Annotated[str, Field(pattern=SLUG)], Column]
    rows: dict[Annotated[str, Field(pattern=SLUG)], RowRule] = {}
    dependencies: list[Dependency] = []
    run_together: list[tuple[str, str]] = []
    alike: Alike | None = None
    gate: Gate
    integrity: Integrity | None = None
    examples: list[Example] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _rows_are_named_once(cls, given: Any) -> Any:
        rows = given.get("rows") if isinstance(given, dict) else None
        if not isinstance(rows, list):
            return given
        named = {name: rule for entry in rows for name, rule in entry.items()}
        if len(named) != len(rows):
            raise ValueError("rows: each rule has one name, used once")
        return {**given, "rows": named}

    @model_validator(mode="after")
    def _names_agree(self) -> Contract:
        for name in self.key:
            if name not in self.columns:
                raise ValueError(f"key: there is no column {name!r}")
            if not self.columns[name].required:
                raise ValueError(f"key: column {name!r} must be required")
        if ours := OURS & set(self.columns):
            raise ValueError(
                f"columns: {min(ours)!r} is a column of ours; choose another name, such as {min(ours)}_sent"
            )
        claimed: dict[str, str] = {}
        for name, column in self.columns.items():
            for alias in column.aliases:
                other = claimed.setdefault(header_key(alias), name)
                if other != name:
                    raise ValueError(f"columns: header {alias!r} is claimed by both {other!r} and {name!r}")
        for place, names in self._named_elsewhere():
            if unknown := [name for name in names if name not in self.columns]:
                raise ValueError(f"{place}: there is no column {unknown[0]!r}")
        for name, rule in self.rows.items():
            _check_row_rule(name, rule.must, self.columns)
        if (said := self.gate.event_time) and (said not in self.columns or not self._tells_time(said)):
            raise ValueError(f"gate.event_time: {said!r} is no date or timestamp column")
        if self.integrity:
            self.integrity.agree(self.columns)
        return self

    @property
    def hears_others(self) -> bool:
        """True when a row is judged by more than itself: by the rest of its delivery, or by other feeds."""
        by_column = any(column.spelling or column.references for column in self.columns.values())
        return bool(self.dependencies or self.run_together or self.alike or by_column)

    def _named_elsewhere(self) -> list[tuple[str, list[str]]]:
        """Where columns are named by other parts of the contract."""
        return [
            *(("dependencies", [*d.determinant, *d.dependent]) for d in self.dependencies),
            *(("run_together", list(pair)) for pair in self.run_together),
            ("alike", self.alike.columns if self.alike else []),
        ]

    def _tells_time(self, name: str) -> bool:
        return self.columns[name].type in ("date", "timestamp")

    @property
    def quasi_identifiers(self) -> list[str]:
        """The columns that leave only where enough rows are alike in them."""
        return [name for name, column in self.columns.items() if column.quasi_identifier]

    @property
    def event_time(self) -> str | None:
        """The column that says when a row happened: as the gate names it, else the first required time that is not personal."""
        plain = (
            n for n, c in self.columns.items() if c.required and self._tells_time(n) and c.privacy not in ("L3", "L4")
        )
        return self.gate.event_time or next(plain, None)

    def takes(self, file_name: str) -> bool:
        """Whether a file of this name, in the department's drop folder, belongs to this feed."""
        return fnmatchcase(file_name, self.delivery.files)

    def period_of(self, file_name: str, arrival: str) -> str:
        """The period a file is about: captured from its name, else the day it arrived (YYYYMMDD). Letters, digits, - and _ only."""
        pattern, plain = (
            self.delivery.period,
            unicodedata.normalize("NFKC", file_name),
        )  # RE2's digits are the ten alone
        found = (first_group(pattern, file_name) or first_group(pattern, plain)) if pattern else None
        said = unicodedata.normalize("NFKC", found or "")
        return re.sub(r"[^0-9A-Za-z-]", "_", said)[:LONGEST_PERIOD] or arrival

    def column_of(self, header: str) -> str | None:
        """The column a sent header stands for, or None when the contract does not know it."""
        wanted = header_key(header)
        for name, column in self.columns.items():
            if wanted in map(header_key, [name, *column.aliases]):
                return name
        return None

    def title_of(self, name: str) -> str:
        """What a department calls a column or row rule, for a person to read."""
        return self.columns[name].aliases[0] if name in self.columns else name


def period_fault(period: str, arrival: date) -> str | None:
    """What is wrong with a period that is written as a date (yyyyMM, yyyyMMdd), in words for the department: none such day, or far ahead."""
    if not period.isdigit() or len(period) not in (6, 8):
        return None
    try:
        begins = datetime.strptime(f"{period}01"[:8], "%Y%m%d").date()
    except ValueError:
        return f"文件名中的期号 {period} 不是日期。请按约定改正文件名后重新上传。"
    if begins > arrival + AHEAD:
        return f"文件名中的期号 {period} 晚于送达日期太多。请核对文件名后重新上传。"
    return None


def header_key(header: str) -> str:
    """A header with what varies between exports taken out: spaces, full-width forms, case, BOM."""
    return re.sub(r"[\s\ufeff]+", "", unicodedata.normalize("NFKC", header)).casefold()


def _check_row_rule(name: str, must: str, columns: dict[str, Column]) -> None:
    try:
        tree = sqlglot.parse_one(must, dialect="duckdb")
    except SqlglotError as fault:
        raise ValueError(f"rows.{name}: {must!r} is not an expression: {str(fault).splitlines()[0]}") from None
    if tree.find(expressions.Query, expressions.DDL, expressions.Command):
        raise ValueError(f"rows.{name}: a rule looks at its own row; it holds no query")
    for used in tree.find_all(expressions.Column):
        if used.name not in columns.keys() | ROW_RULE_CONTEXT:
            raise ValueError(f"rows.{name}: there is no column {used.name!r}")
    for call in tree.find_all(expressions.Anonymous):
        if call.name.lower() in ROW_RULE_FUNCTIONS:
            asked = call.expressions[0] if len(call.expressions) == 1 else None
            if not isinstance(asked, expressions.Column) or columns[asked.name].type != "resident_id":
                raise ValueError(f"rows.{name}: {call.name} asks one column of type resident_id")


@cache
def compared(must: str) -> tuple[str, ...]:
    """The names that a row rule uses, in their order."""
    tree = sqlglot.parse_one(must, dialect="duckdb")
    return tuple(dict.fromkeys(used.name for used in tree.find_all(expressions.Column)))


def load_contract(path: Path) -> Contract:
    """Read one contract. Raises ContractFault with one sentence: the file, the place, the way out."""
    contract = read_strictly(path, Contract)
    if contract.feed != path.stem:
        raise ContractFault(
            path, "feed", f"is {contract.feed!r}; name the file {contract.feed}.yaml or change the feed"
        )
    return contract


def contract_files(*folders: Path) -> list[Path]:
    """Every contract's path in the folders (default: schemas/feeds), by name."""
    return sorted((path for folder in folders or (FEEDS,) for path in folder.glob("*.yaml")), key=lambda p: p.stem)


def load_contracts(*folders: Path) -> tuple[dict[str, Contract], list[ContractFault]]:
    """All contracts by feed, and the faults of those that cannot be read: one broken contract never takes the others down."""
    contracts: dict[str, Contract] = {}
    faults: list[ContractFault] = []
    for path in contract_files(*folders):
        try:
            contract = load_contract(path)
        except ContractFault as fault:
            faults.append(fault)
            continue
        if contract.feed in contracts:
            faults.append(ContractFault(path, "feed", f"{contract.feed!r} is already the name of another contract"))
        else:
            contracts[contract.feed] = contract
    return contracts, faults
