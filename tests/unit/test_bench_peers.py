"""The bench's peers hold the same rows as ours: a peer that checks less would look fast."""

from __future__ import annotations

from pathlib import Path

from jobs.bench.incidents import BAD_EVERY, COLUMNS, write_incidents
from jobs.bench.pandas_screening import screen

GOOD = dict(zip(COLUMNS, ("JQ202601010001", "2026-01-01 08:00:00", "盗窃", "330499001001001", "120.7", "30.7", "2026-01-01 08:10:00", "13712345678", "电动车被盗"), strict=True))  # fmt: skip
BROKEN = [
    {"警情编号": "X1"}, {"警情编号": ""}, {"报警时间": "昨天"}, {"报警时间": "2999-01-01 08:00:00", "到场时间": ""}, {"警情类别": "未定"},
    {"所属网格": "无"}, {"经度": "190"}, {"纬度": "东"}, {"到场时间": "2026-01-01 07:00:00"}, {"报警电话": "1234"},
]  # fmt: skip


def test_great_expectations_on_pandas_holds_a_row_for_each_rule_it_breaks(tmp_path: Path) -> None:
    source = tmp_path / "jq_202601.csv"
    write_incidents(source, 2 * BAD_EVERY)
    rows = [GOOD | {"警情编号": f"JQ99990101{n:04d}"} | broken for n, broken in enumerate(BROKEN)]
    twice = [GOOD, GOOD]
    with source.with_suffix(".utf8").open("a", encoding="utf-8") as target:
        target.writelines(",".join(row.values()) + "\n" for row in [*rows, *twice])
    assert screen(source.with_suffix(".utf8"), tmp_path) == (2 * BAD_EVERY - 2, 2 + len(BROKEN) + len(twice))
