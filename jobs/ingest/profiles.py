"""ops.profile: what each delivery looked like as a whole, a row for the delivery and a row a column; the history that the gate compares with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable

from jobs import lake
from jobs.home import Home
from jobs.ingest.publish import Batch
from quality.profile import ColumnProfile, Profile

SCHEMA = pa.schema(
    [
        ("delivery_id", pa.string()), ("feed", pa.string()), ("period", pa.string()), ("column", pa.string()), ("rows", pa.int64()),
        ("copies", pa.int64()), ("headers", pa.list_(pa.string())), ("oldest", pa.timestamp("us", "UTC")),
        ("newest", pa.timestamp("us", "UTC")), ("behind_days", pa.float64()), ("days", pa.list_(pa.int64())),
        ("sealed", pa.list_(pa.string())), ("filled", pa.int64()), ("codes", pa.list_(pa.string())),
        ("code_rows", pa.list_(pa.int64())), ("deciles", pa.list_(pa.float64())),
    ]
)  # fmt: skip
OF_THE_DELIVERY = ("copies", "headers", "oldest", "newest", "behind_days", "days", "sealed")


def log_profile(batch: Batch, profile: Profile) -> None:
    """Keep a delivery's profile: the row without a column is the delivery's."""
    of = {"delivery_id": batch.delivery_id, "feed": batch.contract.feed, "period": profile.period, "rows": profile.rows}
    whole = of | {name: getattr(profile, name) for name in OF_THE_DELIVERY}
    columns = [
        of
        | {"column": column, "filled": one.filled, "deciles": one.deciles}
        | {"codes": list(one.codes), "code_rows": list(one.codes.values())}
        for column, one in profile.columns.items()
    ]
    batch.put("ops", "profile", pa.Table.from_pylist([whole, *columns], SCHEMA))


def past_profiles(home: Home, feed: str, deliveries: list[str]) -> list[Profile]:
    """The profiles of these deliveries, in their order. One that came before there were profiles is left out."""
    path = home.table("ops", "profile")
    if not deliveries or not lake.exists(path):
        return []
    asked = [("feed", "=", feed), ("delivery_id", "in", deliveries)]
    found: dict[str, list[dict[str, Any]]] = {}
    for row in DeltaTable(path).to_pyarrow_table(filters=asked).to_pylist():
        found.setdefault(row["delivery_id"], []).append(row)
    return [_profile(found[delivery]) for delivery in deliveries if delivery in found]


def _profile(rows: Iterable[dict[str, Any]]) -> Profile:
    by_column = {row["column"]: row for row in rows}
    whole = by_column.pop(None)
    columns = {
        column: ColumnProfile(row["filled"], dict(zip(row["codes"], row["code_rows"], strict=True)), row["deciles"])
        for column, row in by_column.items()
    }
    return Profile(whole["period"], whole["rows"], columns=columns, **{name: whole[name] for name in OF_THE_DELIVERY})
