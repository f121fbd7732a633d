"""The rules of the police-incident feed as a Great Expectations suite over a pandas DataFrame: what the library alone does with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import great_expectations as gx
import great_expectations.expectations as gxe
import pandas as pd
from great_expectations.data_context.types.base import ProgressBarsConfig

from jobs.bench.incidents import COLUMNS
from quality.forms import PLACEHOLDERS
from schemas.codes import load_code_list

NAMES = ("incident_no", "reported_at", "category", "grid_code", "lon", "lat", "arrived_at", "caller_mobile", "detail")
REQUIRED = ("incident_no", "reported_at", "category", "grid_code")
TIME = "%Y-%m-%d %H:%M:%S"


def screen(source: Path, folder: Path) -> tuple[int, int]:
    """Kept and held as Parquet files; (kept, held). A row is held when any expectation lists it as unexpected."""
    sent = pd.read_csv(source, dtype=str, keep_default_na=False, names=list(COLUMNS), header=0)
    sent.columns = list(NAMES)
    text = sent.apply(lambda column: column.str.strip()).replace(["", *PLACEHOLDERS], None)
    value = _typed(text)
    held = _unexpected(value.assign(**_malformed(text, value)))
    is_held = value.index.isin(list(held))
    value[~is_held].to_parquet(folder / "kept.parquet")
    sent[is_held].to_parquet(folder / "held.parquet")
    return int((~is_held).sum()), int(is_held.sum())


def _typed(text: pd.DataFrame) -> pd.DataFrame:
    words = load_code_list("incident_category").words
    codes = text["category"].map(words).where(text["category"].isin(list(words)), text["category"])
    return text.assign(
        category=codes,
        **{
            column: pd.to_datetime(text[column], format=TIME, errors="coerce")
            for column in ("reported_at", "arrived_at")
        },
        **{column: pd.to_numeric(text[column], errors="coerce") for column in ("lon", "lat")},
    )


def _malformed(text: pd.DataFrame, value: pd.DataFrame) -> dict[str, pd.Series]:
    """A column of truths for each typed one: written, and not of its type. The library has no word for it."""
    typed = ("reported_at", "lon", "lat", "arrived_at")
    return {f"{column}_malformed": text[column].notna() & value[column].isna() for column in typed}


def _suite() -> gx.ExpectationSuite:
    codes = sorted(set(load_code_list("incident_category").words.values()))
    checks: list[Any] = [
        *(gxe.ExpectColumnValuesToNotBeNull(column=column) for column in REQUIRED),
        gxe.ExpectColumnValuesToMatchRegex(column="incident_no", regex=r"^JQ\d{12}$"),
        gxe.ExpectColumnValuesToMatchRegex(column="grid_code", regex=r"^\d{15}$"),
        gxe.ExpectColumnValuesToMatchRegex(column="caller_mobile", regex=r"^1[3-9]\d{9}$"),
        gxe.ExpectColumnValuesToBeInSet(column="category", value_set=codes),
        gxe.ExpectColumnValuesToBeBetween(column="lon", min_value=73, max_value=136),
        gxe.ExpectColumnValuesToBeBetween(column="lat", min_value=3, max_value=54),
        gxe.ExpectColumnValuesToBeBetween(column="reported_at", max_value=pd.Timestamp.now()),
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="arrived_at", column_B="reported_at", or_equal=True, ignore_row_if="either_value_is_missing"
        ),
        gxe.ExpectColumnValuesToBeUnique(column="incident_no"),
        *(
            gxe.ExpectColumnValuesToBeInSet(column=f"{column}_malformed", value_set=[False])
            for column in ("reported_at", "lon", "lat", "arrived_at")
        ),
    ]
    return gx.ExpectationSuite("incidents", expectations=checks)


def _unexpected(rows: pd.DataFrame) -> set[int]:
    """The index of every row that any expectation found unexpected."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("pandas").add_dataframe_asset("incidents")
    batch = asset.add_batch_definition_whole_dataframe("whole").get_batch({"dataframe": rows})
    done = batch.validate(_suite(), result_format={"result_format": "COMPLETE", "include_unexpected_rows": False})
    unexpected: set[int] = set()
    outcomes: list[Any] = done.results
    for outcome in outcomes:
        if any("exception_message" in info and info.get("raised_exception") for info in _infos(outcome)):
            raise RuntimeError(f"{outcome.expectation_config.type}: {outcome.exception_info}")
        unexpected.update(outcome.result.get("unexpected_index_list") or ())
    return unexpected


def _infos(outcome: Any) -> list[dict[str, Any]]:
    info = outcome.exception_info or {}
    return [info] if "raised_exception" in info else list(info.values())
