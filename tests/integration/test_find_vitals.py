"""Vital signs of the city, on rows as its views hold them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import numpy as np
import pytest

from jobs.city.vitals import vital_days
from jobs.home import ZONE
from jobs.warn.candidate import Candidate, say
from jobs.warn.find import find
from schemas.vitals import load_vitals
from schemas.warning_rule import load_rules

pytestmark = pytest.mark.spark

AS_OF = date(2026, 6, 29)
RULE = next(rule for rule in load_rules() if rule.family == "city_vital")
COLUMNS = "delivery_id STRING, row_no BIGINT, reported_at TIMESTAMP, closed_at TIMESTAMP, kind STRING, status STRING"
Given = Callable[[dict[int, int]], list[Candidate]]


@pytest.fixture
def found(spark, monkeypatch: pytest.MonkeyPatch) -> Given:
    """days ago -> reports on that day where it is not the usual forty; the city has grid workers' reports alone."""
    alone = {name: vital for name, vital in load_vitals().items() if name in ("grid_report", "grid_care")}
    monkeypatch.setattr("jobs.city.vitals.load_vitals", lambda: alone)

    def told(unusual: dict[int, int]) -> list[Candidate]:
        dice, rows = np.random.default_rng(5), []
        for ago in range(120, 0, -1):
            for _ in range(unusual.get(ago, int(dice.poisson(40)))):
                at = datetime(2026, 6, 29, 10, tzinfo=ZONE) - timedelta(days=ago)
                rows.append(("d", len(rows), at, None, "care" if len(rows) % 4 == 0 else "hazard", "open"))
        spark.createDataFrame(rows, COLUMNS).createOrReplaceTempView("grid_report")
        return find(spark, RULE, AS_OF)

    return told


def test_a_quiet_city_has_its_vitals_in_their_bands(found: Given, spark) -> None:
    assert found({}) == []
    told = vital_days(spark, AS_OF)
    assert told.names == ["grid_report", "grid_care"] and len(told.table()) == 240
    assert np.isfinite(told.observed[:, -120:]).all() and np.isnan(told.observed[:, :-120]).all()
    inside = (told.observed >= told.band.lower) & (told.observed <= told.band.upper)
    assert inside[:, -60:].mean() > 0.9


def test_a_day_far_above_is_told_with_its_rows(found: Given) -> None:
    (report,) = found({1: 90})
    assert (report.subject_key, report.observed, report.unit_zh) == ("网格上报", 90, "网格中心")
    assert len(report.evidence) == 90 and {item.day for item in report.evidence} == {date(2026, 6, 28)}
    assert "网格上报近1天90" in say(report) and "偏多" in say(report)
    assert "90 grid workers' reports in 1 day(s), more than" in say(report, "en")


def test_a_week_of_less_is_told_though_no_day_of_it_is_far_out(found: Given) -> None:
    told = found(dict.fromkeys(range(1, 8), 25))
    report = next(one for one in told if one.subject_key == "网格上报")
    assert (report.observed, report.window_start, report.window_end) == (175, date(2026, 6, 22), date(2026, 6, 28))
    assert "偏少" in say(report) and report.bound is None


def test_a_figure_that_ends_is_told_once_its_feed_goes_on_and_not_when_it_stopped(found: Given) -> None:
    assert found(dict.fromkeys(range(1, 12), 0)) == [], "nothing came: that is the feed's lateness, not the city's"
    told = found({1: 1, **dict.fromkeys(range(2, 12), 0)})
    assert {one.subject_key for one in told} == {"网格上报", "走访关爱"}
    assert all(one.evidence for one in told)


def test_every_vital_is_counted_from_columns_that_its_feed_has(spark, contracts) -> None:
    """All of them, on feeds without a row."""
    from jobs.city.views import schema_of

    for feed in {vital.feed for vital in load_vitals().values()}:
        spark.createDataFrame([], schema_of(contracts[feed])).createOrReplaceTempView(feed)
    told = vital_days(spark, AS_OF)
    assert len(told.names) == len(load_vitals()) >= 20 and told.band is None
    assert told.table().empty
