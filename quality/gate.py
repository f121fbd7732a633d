"""Is this batch to be believed: Great Expectations over the sifted rows says pass, warn or refuse.

The suites are derived from the contract and from the feed's history. They judge the batch; rows were judged by the screening.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import duckdb

from quality import forms
from quality.history import Figure
from schemas.contract import Contract

if TYPE_CHECKING:
    import great_expectations as gx
    from great_expectations.core import ExpectationSuite, ExpectationSuiteValidationResult

Answer = Literal["pass", "warn", "refuse"]
SEVERITIES: dict[str, Answer] = {"info": "pass", "warning": "warn", "critical": "refuse"}


class BrokenGate(RuntimeError):
    """An expectation could not be computed: a fault of ours, never counted as dirty data."""


@dataclass(frozen=True)
class Finding:
    """One expectation and what came of it. observed and bound are figures, never values of a row.

    A comparison with the feed's history has its check's name for expectation; severity pass is a word only.
    """

    expectation: str
    column: str | None
    met: bool
    severity: Answer
    observed: float | None
    bound: str
    says_zh: str


@dataclass(frozen=True)
class Verdict:
    """answer is the worst of the findings that were not met; page is the Data Docs page (HTML)."""

    answer: Answer
    findings: list[Finding]
    page: str

    @property
    def admits(self) -> bool:
        return self.answer != "refuse"

    @property
    def words(self) -> list[str]:
        """What was not met; of what is refused, not also that it would be warned."""
        broken = [finding for finding in self.findings if not finding.met]
        refused = {(finding.expectation, finding.column) for finding in broken if finding.severity == "refuse"}
        said = [f for f in broken if f.severity == "refuse" or (f.expectation, f.column) not in refused]
        return list(dict.fromkeys(finding.says_zh for finding in said))


def gate(
    contract: Contract, staged: str, delivery_id: str, past_rows: list[int], figures: Sequence[Figure] = ()
) -> Verdict:
    """Judge the staged delivery: the DuckDB database of that name, open in this process, with the views `batch` (held INT) and `kept`.

    past_rows: rows read of the feed's last admitted deliveries, newest first; volume is judged once there are three.
    figures: comparisons with the feed's history; they are staged as one row, the table `figures`.
    Raises BrokenGate when an expectation itself fails to compute.
    """
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    from quality import duckdb_dialect

    duckdb_dialect.register()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    source = context.data_sources.add_sql("staged", connection_string=f"duckdb:///{staged}")
    suites = {"batch": _batch_suite(contract, past_rows), "kept": _kept_suite(contract)}
    if figures:
        _stage(staged, figures)
        suites["figures"] = _history_suite(contract, figures)
    findings, pages = [], []
    try:
        for table, suite in suites.items():
            result = _validate(context, source, table, suite, delivery_id)
            findings += [_finding(contract, outcome) for outcome in result.results]
            pages.append(_page(result))
    finally:
        source.get_engine().dispose()  # a database in memory lives as long as its last connection
    judged = [finding for finding in findings if finding.met or finding.observed is not None]  # no share of no rows
    return Verdict(_worst(judged), judged, "\n".join(pages))


def _batch_suite(contract: Contract, past_rows: list[int]) -> ExpectationSuite:
    """Rows arrived, few enough are held, and about as many as usual."""
    import great_expectations as gx
    import great_expectations.expectations as gxe
    from great_expectations.expectations.metadata_types import FailureSeverity

    suite = gx.ExpectationSuite(f"{contract.feed}.batch")
    suite.add_expectation(gxe.ExpectTableRowCountToBeBetween(min_value=1, severity=FailureSeverity.CRITICAL))
    held = contract.gate.held
    suite.add_expectation(
        gxe.ExpectColumnMeanToBeBetween(column="held", max_value=held.refuse, severity=FailureSeverity.CRITICAL)
    )
    suite.add_expectation(
        gxe.ExpectColumnMeanToBeBetween(column="held", max_value=held.warn, severity=FailureSeverity.WARNING)
    )
    if (volume := contract.gate.volume) and (usual := volume.usual_rows(past_rows)) is not None:
        suite.add_expectation(
            gxe.ExpectTableRowCountToBeBetween(
                min_value=int(usual * volume.low),
                max_value=int(usual * volume.high) + 1,
                severity=FailureSeverity.WARNING,
            )
        )
    return suite


def _kept_suite(contract: Contract) -> ExpectationSuite:
    """What the screening promises of the rows it keeps: codes, keys, and required and ranges where a breach is held, not only marked."""
    import great_expectations as gx
    import great_expectations.expectations as gxe

    suite = gx.ExpectationSuite(f"{contract.feed}.kept")
    for name, column in contract.columns.items():
        holds = column.policy == "hold"
        if column.required and holds:
            suite.add_expectation(gxe.ExpectColumnValuesToNotBeNull(column=name))
        if column.words:
            suite.add_expectation(
                gxe.ExpectColumnValuesToBeInSet(column=name, value_set=sorted(set(column.words.values())))
            )
        if column.range and holds:
            low, high = column.range
            suite.add_expectation(gxe.ExpectColumnValuesToBeBetween(column=name, min_value=low, max_value=high))
    if len(contract.key) == 1:
        suite.add_expectation(gxe.ExpectColumnValuesToBeUnique(column=contract.key[0]))
    else:
        suite.add_expectation(gxe.ExpectCompoundColumnsToBeUnique(column_list=contract.key))
    return suite


def _stage(staged: str, figures: Sequence[Figure]) -> None:
    """One row, a column a figure. GX's own drift and null expectations know no history and would read every row again."""
    for figure in figures:
        if not math.isfinite(figure.observed) or math.isnan(figure.most):
            raise BrokenGate(f"{figure.check} of {figure.column}: {figure.observed} against {figure.most}")
    row = ", ".join(f"{figure.observed!r}::DOUBLE AS {forms.name(_place(figure))}" for figure in dict.fromkeys(figures))
    with duckdb.connect(staged) as con:
        con.execute(f"CREATE OR REPLACE TABLE figures AS SELECT {row}")


def _place(figure: Figure) -> str:
    return f"{figure.check} {figure.column or ''} {figure.severity}"


def _history_suite(contract: Contract, figures: Sequence[Figure]) -> ExpectationSuite:
    """Each figure is no more than its bound."""
    import great_expectations as gx
    import great_expectations.expectations as gxe
    from great_expectations.expectations.metadata_types import FailureSeverity

    severity = {"pass": FailureSeverity.INFO, "warn": FailureSeverity.WARNING, "refuse": FailureSeverity.CRITICAL}
    suite = gx.ExpectationSuite(f"{contract.feed}.history")
    for figure in figures:
        asked = {"check": figure.check, "column": figure.column, "says_zh": figure.says_zh}
        suite.add_expectation(
            gxe.ExpectColumnMaxToBeBetween(
                column=_place(figure), max_value=figure.most, severity=severity[figure.severity], meta=asked
            )
        )
    return suite


def _validate(
    context: Any, source: Any, table: str, suite: ExpectationSuite, delivery_id: str
) -> ExpectationSuiteValidationResult:
    batch = source.add_table_asset(table, table_name=table).add_batch_definition_whole_table("whole")
    definition = gx_validation(context, batch, suite, table)
    form = {"result_format": "BASIC", "partial_unexpected_count": 0, "include_unexpected_rows": False}
    result = definition.run(result_format=form, run_id=_run_id(delivery_id))
    for outcome in result.results:
        _raise_if_broken(outcome)
    return result


def gx_validation(context: Any, batch: Any, suite: ExpectationSuite, name: str) -> gx.ValidationDefinition:
    import great_expectations as gx

    stored = context.suites.add(suite)
    return context.validation_definitions.add(gx.ValidationDefinition(name=name, data=batch, suite=stored))


def _run_id(delivery_id: str) -> Any:
    from great_expectations.core.run_identifier import RunIdentifier

    return RunIdentifier(run_name=delivery_id)


def _raise_if_broken(outcome: Any) -> None:
    broken = outcome.exception_info or {}
    infos = [broken] if "raised_exception" in broken else list(broken.values())
    for info in infos:
        if info.get("raised_exception"):
            raise BrokenGate(f"{outcome.expectation_config.type}: {info.get('exception_message')}")


def _finding(contract: Contract, outcome: Any) -> Finding:
    config = outcome.expectation_config
    asked = config.kwargs
    observed = outcome.result.get("observed_value")
    if not isinstance(observed, int | float):
        observed = outcome.result.get("unexpected_count")
    severity: Answer = SEVERITIES[str(getattr(config.severity, "value", config.severity))]
    bound = "..".join("" if asked.get(end) is None else f"{asked[end]:g}" for end in ("min_value", "max_value"))
    compared = config.meta if config.meta and "check" in config.meta else None
    if compared:
        return Finding(
            compared["check"], compared["column"], bool(outcome.success), severity, None if observed is None else float(observed),
            bound.strip("."), compared["says_zh"],
        )  # fmt: skip
    column = asked.get("column")
    return Finding(
        config.type, column, bool(outcome.success), severity, None if observed is None else float(observed),
        bound.strip("."), _say(contract, config.type, column, observed, asked),
    )  # fmt: skip


def _say(contract: Contract, expectation: str, column: str | None, observed: Any, asked: dict[str, Any]) -> str:
    if expectation == "expect_column_mean_to_be_between" and column == "held":
        share = 0.0 if observed is None else float(observed)
        return f"待补正的行占 {share:.1%},超过约定的 {asked['max_value']:.1%}"
    if expectation == "expect_table_row_count_to_be_between" and asked.get("max_value") is None:
        return "文件中没有数据行"
    if expectation == "expect_table_row_count_to_be_between":
        return f"本次 {observed} 行,往次中位数推得的范围是 {asked['min_value']} 至 {asked['max_value']} 行,请核对是否漏报或重复"
    return f"{contract.title_of(column) if column else '主键'}:{expectation} 未满足"


def _page(result: ExpectationSuiteValidationResult) -> str:
    from great_expectations.render.renderer import ValidationResultsPageRenderer

    return _view().render(ValidationResultsPageRenderer().render(result))


@cache
def _view() -> Any:
    """One view a process: it compiles its templates once."""
    from great_expectations.render.view import DefaultJinjaPageView

    return DefaultJinjaPageView()


def _worst(findings: list[Finding]) -> Answer:
    failed = {finding.severity for finding in findings if not finding.met}
    return "refuse" if "refuse" in failed else "warn" if "warn" in failed else "pass"
