"""Who is who: a person once met keeps the id, and only what counts today tells of anybody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from jobs.city.register import register_people
from jobs.city.views import register_deliveries
from jobs.home import Home
from jobs.ingest.ledger import Entry
from schemas.contract import Contract

pytestmark = pytest.mark.spark

ONE, OTHER, THIRD = "11010519491231002X", "360426199101010071", "11010219840406970X"
Rows = Callable[[str, str], list[dict[str, Any]]]


def employments(*people: str) -> bytes:
    lines = [f"JY{n:08d},{person},张三,东湖纺织厂,2024-05-01,2024-05-03" for n, person in enumerate(people, 1)]
    return "\n".join(["备案编号,身份证号,姓名,用人单位,入职日期,申报日期", *lines]).encode()


def test_a_person_keeps_the_id_and_a_corrected_delivery_tells_of_nobody(
    spark: Any, home: Home, contracts: dict[str, Contract], drop: Any, take: Callable[[str], list[Entry]], rows: Rows
) -> None:
    def registered(month: int, *people: str) -> tuple[dict[str, str], list[tuple[str, str]]]:
        """Resident ID -> person; delivery and person of every row that counts."""
        drop("employment", f"jy_2026{month:02d}.csv", employments(*people))
        assert [entry.status for entry in take("employment")] == ["passed"]
        register_deliveries(spark, home)
        register_people(spark, home, contracts)
        spark.catalog.clearCache()  # as a run does at its end
        known = rows("identity", "person")
        ids = {row["resident_id"]: row["person_id"] for row in known}
        assert len(known) == len(ids) == len(set(ids.values())), "each person once"
        return ids, [(row["delivery_id"], row["person_id"]) for row in rows("register", "person_row")]

    before, told = registered(1, ONE, OTHER)
    assert set(before) == {ONE, OTHER} and {person for _, person in told} == set(before.values())
    after, told = registered(1, ONE, THIRD)
    assert after.items() >= before.items() and set(after) == {ONE, OTHER, THIRD}
    assert sorted(told) == sorted(("employment-202601-02", after[person]) for person in (ONE, THIRD))
    last, told = registered(2, OTHER)
    assert last == after
    assert ("employment-202602-01", last[OTHER]) in told and len(told) == 3
