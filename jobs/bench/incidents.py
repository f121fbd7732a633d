"""The file that intake is measured on: police incidents, one row in two hundred of them bad."""

from __future__ import annotations

from pathlib import Path

import duckdb

FEED, FILE = "police_incident", "jq_202601.csv"
BAD_EVERY = 200
COLUMNS = ("警情编号", "报警时间", "警情类别", "所属网格", "经度", "纬度", "到场时间", "报警电话", "简要警情")


def write_incidents(path: Path, rows: int) -> None:
    """The file in GB18030, as the department sends it, and the same in UTF-8 beside it for the peers."""
    utf8 = path.with_suffix(".utf8")
    with duckdb.connect() as con:
        con.execute(f"""
            COPY (SELECT 'JQ' || lpad(i::VARCHAR, 12, '0') AS 警情编号,
                         strftime(TIMESTAMP '2026-01-01' + to_seconds(i % 2592000), '%Y-%m-%d %H:%M:%S') AS 报警时间,
                         CASE WHEN i % {BAD_EVERY} = 0 THEN '未定' ELSE ['盗窃', '诈骗', '纠纷', '交通事故'][1 + i % 4] END AS 警情类别,
                         '330499' || lpad((1 + i % 4608)::VARCHAR, 9, '0') AS 所属网格, 120 + (i % 9973) / 9973.0 AS 经度, 30 + (i % 9967) / 9967.0 AS 纬度,
                         strftime(TIMESTAMP '2026-01-01' + to_seconds(i % 2592000 + 600), '%Y-%m-%d %H:%M:%S') AS 到场时间,
                         '137' || lpad((i % 100000000)::VARCHAR, 8, '0') AS 报警电话, '简要警情' || i AS 简要警情
                  FROM range({rows}) t(i)) TO '{utf8}' (HEADER)""")
    with utf8.open(encoding="utf-8") as source, path.open("w", encoding="gb18030", newline="") as target:
        while chunk := source.read(1 << 22):
            target.write(chunk)
