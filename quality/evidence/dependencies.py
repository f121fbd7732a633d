"""Functional dependencies of a batch: how far one holds, which are there, and what each says of a cell.

A dependency X → A says that rows alike in X are alike in A. Real extracts break it here and there; where one value clearly
dominates among the rows alike in X, that value is evidence for the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import duckdb

from quality.forms import name

NOISE = 0.05  # rows that may break a dependency that holds
STRONG, LEAST = (
    0.5,
    0.3,
)  # of μ+: holds whatever the noise; may hold under a skewed dependent if hardly any row breaks it
PATTERNED = (
    0.5  # of the breaking rows: more of them agreeing with each other are no noise but a second value that is meant
)
REPEATED = (
    0.4  # of the rows must stand in groups that say something: a near key determines everything and tells nothing
)
PAIR_REPEATED = 0.7  # pairs are many: each must speak of most rows
STILL_OPEN = 0.7  # of what one determinant leaves open may stay so when a second joins it, else it joined by accident
MOST_COLUMNS = 40


@dataclass(frozen=True)
class Dependency:
    """determinant → dependent. mu_plus in 0..1; support: share of rows, among those in groups of two or more, that agree with their group."""

    determinant: tuple[str, ...]
    dependent: str
    mu_plus: float
    support: float
    patterned: float = 0.0
    repeated: float = 1.0

    @property
    def holds(self) -> bool:
        strong = self.mu_plus >= STRONG or (self.mu_plus >= LEAST and self.support >= 1 - NOISE)
        return strong and self.patterned <= PATTERNED


def measure(
    con: duckdb.DuckDBPyConnection, table: str, determinant: Sequence[str], dependent: str
) -> Dependency | None:
    """How far determinant → dependent holds over the rows of `table` (text columns, NULL where unknown) that have both.

    μ+ is pdep(X→A) = Σ p(x) Σ p(a|x)², set against pdep(A) = Σ p(a)² and corrected for the number K of groups among N rows:
    1 − (1 − pdep(X→A)) / (1 − pdep(A)) · (N − 1) / (N − K), at least 0. Source: Piatetsky-Shapiro & Matheus 1993; recommended
    among approximate measures by Parciak et al., ICDE 2024. None when the rows cannot tell: constant, all groups single, too few repeats.
    """
    x, a = ", ".join(map(name, determinant)), name(dependent)
    known = " AND ".join(f"{name(c)} IS NOT NULL" for c in (*determinant, dependent))
    rows, groups, within, overall, repeated, agreeing, twice = (
        con.execute(f"""
        WITH cell AS (SELECT {x}, {a} AS a, count(*) AS n FROM {table} WHERE {known} GROUP BY ALL),
             grp AS (SELECT sum(n) AS rows, sum(n * n) / sum(n) AS within, max(n) AS most, coalesce(sum(n) FILTER (n > 1), 0) AS twice FROM cell GROUP BY {x}),
             value AS (SELECT sum(n) AS n FROM cell GROUP BY a)
        SELECT sum(rows), count(*), sum(within), (SELECT sum(n * n) FROM value), sum(rows) FILTER (rows > 1), sum(most) FILTER (rows > 1),
               sum(greatest(twice - most, 0)) FILTER (rows > 1)
        FROM grp""").fetchone()
        or (0,) * 7
    )
    if not rows or not repeated or repeated < REPEATED * rows or groups >= rows or overall >= rows * rows:
        return None
    rows, groups = int(rows), int(groups)
    spread = (1 - float(within) / rows) / (1 - float(overall) / rows**2)
    return Dependency(
        tuple(determinant),
        dependent,
        max(0.0, 1 - spread * (rows - 1) / (rows - groups)),
        float(agreeing) / float(repeated),
        float(twice) / max(1.0, float(repeated - agreeing)),
        float(repeated) / rows,
    )


def discover(con: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str]) -> list[Dependency]:
    """The dependencies that hold among the columns: by one determinant, and by two where the second adds what the first leaves open.

    A dependency whose determinants include those of another that does as well is left out. At most MOST_COLUMNS columns are looked at.
    """
    looked = list(columns)[:MOST_COLUMNS]
    found: list[Dependency] = []
    for dependent in looked:
        others = [column for column in looked if column != dependent]
        single = [m for column in others if (m := measure(con, table, (column,), dependent))]
        best = max((m.mu_plus for m in single), default=0.0)
        pairs = _pairs(con, table, dependent, single) if best < 1 else []
        explained = {column for pair in pairs for column in pair.determinant}
        found += [m for m in single if m.holds and m.determinant[0] not in explained]
        covered = {m.determinant[0] for m in found if m.dependent == dependent}
        found += [p for p in pairs if p.holds and not covered & set(p.determinant)]
    return found


def _pairs(con: duckdb.DuckDBPyConnection, table: str, dependent: str, single: list[Dependency]) -> list[Dependency]:
    """Pairs of determinants that do clearly better together than either alone."""
    telling = [m for m in single if m.mu_plus < 0.995]
    telling = sorted(telling, key=lambda m: -m.mu_plus)[:12]
    pairs = []
    for one, other in combinations(telling, 2):
        if max(one.mu_plus, other.mu_plus) < LEAST:
            continue
        both = measure(con, table, (one.determinant[0], other.determinant[0]), dependent)
        if (
            both
            and both.repeated >= PAIR_REPEATED
            and both.support >= 1 - NOISE
            and 1 - both.support <= STILL_OPEN * (1 - max(one.support, other.support))
        ):
            pairs.append(both)
    return pairs
