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

# Shares of rows, but for μ+.
NOISE = 0.05  # may break a dependency that holds
STRONG = 0.85  # of μ+: it holds, in small groups or large
# In small groups a coincidence looks like a rule. In crowds (rows alike in the determinant, on average) less of μ+ tells as much:
# many rows may be broken, each another way, or the dependent be the same nearly everywhere and hardly any row break it.
CROWD, NOISY, LEAST = 10, 0.5, 0.3
PATTERNED = 0.5  # of the breaking rows: where more agree with each other it is a second value that is meant
REPEATED = 0.4  # must stand in groups that say something: a near key determines everything and tells nothing
PAIR_REPEATED, HALF_TOLD = (
    0.7,
    0.1,
)  # pairs are many: each must speak of most rows, and one of the two tell something (of μ+) by itself
STILL_OPEN = 0.7  # of what one determinant leaves open may stay so when a second joins it, else it joined by accident
MOST_COLUMNS = 40


@dataclass(frozen=True)
class Dependency:
    """determinant → dependent, judged by the rows in groups of two or more: a share `repeated` of all, `crowd` of them a group.

    mu_plus in 0..1; support: share of these rows that agree with their group; patterned: share of the others that agree with each other.
    """

    determinant: tuple[str, ...]
    dependent: str
    mu_plus: float
    support: float
    patterned: float
    repeated: float
    crowd: float

    @property
    def holds(self) -> bool:
        noisy = self.mu_plus >= NOISY or (self.mu_plus >= LEAST and self.support >= 1 - NOISE)
        return (self.mu_plus >= STRONG or (noisy and self.crowd >= CROWD)) and self.patterned <= PATTERNED


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
    found = con.execute(f"""
        WITH cell AS (SELECT {x}, {a} AS a, count(*) AS n FROM {table} WHERE {known} GROUP BY ALL),
             grp AS (SELECT sum(n) AS rows, sum(n * n) / sum(n) AS within, max(n) AS most, coalesce(sum(n) FILTER (n > 1), 0) AS twice
                     FROM cell GROUP BY {x}),
             value AS (SELECT sum(n) AS n FROM cell GROUP BY a)
        SELECT coalesce(sum(rows), 0), count(*), coalesce(sum(within), 0), (SELECT coalesce(sum(n * n), 0) FROM value),
               coalesce(sum(rows) FILTER (rows > 1), 0), count(*) FILTER (rows > 1), coalesce(sum(most) FILTER (rows > 1), 0),
               coalesce(sum(greatest(twice - most, 0)) FILTER (rows > 1), 0)
        FROM grp""").fetchone()
    rows, groups, within, overall, repeated, crowds, agreeing, patterned = map(float, found or [0] * 8)
    if not repeated or repeated < REPEATED * rows or groups >= rows or overall >= rows * rows:
        return None
    spread = (1 - within / rows) / (1 - overall / rows**2)
    return Dependency(
        tuple(determinant), dependent, max(0.0, 1 - spread * (rows - 1) / (rows - groups)), agreeing / repeated,
        patterned / max(1.0, repeated - agreeing), repeated / rows, repeated / crowds,
    )  # fmt: skip


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
        if max(one.mu_plus, other.mu_plus) < HALF_TOLD:
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
