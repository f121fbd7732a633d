"""Headers as departments write them find their columns; what is strange is named, what is missing refuses."""

from __future__ import annotations

import pytest
from small_feed import feed_of

from quality.headers import map_headers

FEED = feed_of(
    {
        "resident_id": {"from": ["公民身份号码", "身份证号"], "type": "resident_id", "required": True},
        "amount": {"from": ["金额(元)", "发放金额"], "type": "money"},
        "town": {"from": ["所属街道"], "type": "string"},
    }
)


@pytest.mark.parametrize(
    "header",
    [
        "公民身份号码",
        "身份证号",
        " 身份 证号 ",
        "身份证号\n",
        "\ufeff身份证号",
        "身份证\u3000号",
        "RESIDENT_ID",
        "resident_id",
    ],
)
def test_a_column_is_known_under_each_of_its_names_however_spaced(header: str) -> None:
    assert map_headers(FEED, ["编号", header]).columns == {"item_no": 0, "resident_id": 1}


@pytest.mark.parametrize("header", ["金额(元)", "金额（元）", "金额 （ 元 ）"])
def test_full_width_brackets_are_the_same_brackets(header: str) -> None:
    assert map_headers(FEED, ["编号", "身份证号", header]).columns["amount"] == 2


def test_order_does_not_matter() -> None:
    assert map_headers(FEED, ["所属街道", "发放金额", "身份证号", "编号"]).columns == {
        "town": 0,
        "amount": 1,
        "resident_id": 2,
        "item_no": 3,
    }


def test_of_two_headers_for_one_column_the_first_counts_and_the_second_is_named() -> None:
    found = map_headers(FEED, ["编号", "身份证号", "公民身份号码"])
    assert found.columns["resident_id"] == 1
    assert [header for header, _ in found.unknown] == ["公民身份号码"]


def test_a_missing_required_column_does_not_fit_and_an_optional_one_does() -> None:
    assert map_headers(FEED, ["编号", "金额(元)"]).missing == ["resident_id"]
    assert not map_headers(FEED, ["编号", "金额(元)"]).fits
    assert map_headers(FEED, ["编号", "身份证号"]).fits


def test_an_unknown_header_is_named_with_the_waiting_column_it_resembles() -> None:
    found = map_headers(FEED, ["编号", "身份证号码", "所属街镇", "备注"])
    assert dict(found.unknown) == {"身份证号码": "身份证号", "所属街镇": "所属街道", "备注": None}
    assert found.missing == ["resident_id"], "a likeness is proposed to the department, never assumed"


def test_a_column_already_found_is_not_proposed_again() -> None:
    assert dict(map_headers(FEED, ["编号", "身份证号", "身份证号2"]).unknown) == {"身份证号2": None}


@pytest.mark.parametrize("headers", [[], [""], ["", "", ""]])
def test_no_headers_fit_nothing(headers: list[str]) -> None:
    assert not map_headers(FEED, headers).fits
