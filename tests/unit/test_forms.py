"""The ways a value can be written: read as agreed, mended by a named rule, or held; a clean value is never changed."""

from __future__ import annotations

import csv
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from small_feed import feed_of, one_column, read_values, sifted

from quality.reasons import say_held

MENDED = [
    ("date", {}, "2020年1月3日", "2020-01-03", "date_form"),
    ("date", {}, "20200103", "2020-01-03", "date_form"),
    ("date", {}, "2020.1.3", "2020-01-03", "date_form"),
    ("date", {}, "43833", "2020-01-03", "excel_serial"),
    ("date", {}, "２０２０－０１－０３", "2020-01-03", "full_width"),
    ("date", {"formats": ["yyyy-MM"]}, "2026年3月", "2026-03-01", "date_form"),
    ("date", {"formats": ["yyyyMMdd"]}, "2026-03-15", "2026-03-15", "date_form"),
    ("date", {"formats": ["yyyMMdd"]}, "2019-12-15", "2019-12-15", "date_form"),
    ("date", {"formats": ["yyyMMdd"]}, "民國108年12月15日", "2019-12-15", "roc_year"),
    ("timestamp", {}, "2026/3/1 9:05", "2026-03-01 09:05:00+08:00", "date_form"),
    ("timestamp", {}, "2026年3月1日 9时5分", "2026-03-01 09:05:00+08:00", "date_form"),
    ("timestamp", {}, "46082.5", "2026-03-01 12:00:00+08:00", "excel_serial"),
    ("money", {}, "1,086.00元", "1086.00", "number_form"),
    ("money", {}, "￥1,086", "1086.00", "number_form"),
    ("money", {}, "1.5万", "15000.00", "scale"),
    ("money", {}, "１０８６．５", "1086.50", "full_width"),
    ("integer", {}, "1,086", "1086", "number_form"),
    ("integer", {}, "3.0", "3", "number_form"),
    ("mobile", {}, "+86 137-1234-5678", "13712345678", "mobile_form"),
    ("mobile", {}, "0086 13712345678", "13712345678", "mobile_form"),
    ("resident_id", {}, "11010519491231002x", "11010519491231002X", "id_form"),
    ("resident_id", {}, "110105 19491231 002X", "11010519491231002X", "id_form"),
    ("resident_id", {}, "110105491231002", "11010519491231002X", "id_15_to_18"),
    ("person_name", {}, "张　三", "张三", "spacing"),
    ("string", {}, "Ａ座３幢", "A座3幢", "full_width"),
    ("string", {}, "價金：４９０．６萬元．", "價金：490.6萬元．", "full_width"),
    ("string", {}, "东湖\u200b花园", "东湖花园", "unseen_sign"),
    ("person_name", {}, "张\u2060三", "张三", "unseen_sign"),
    ("mobile", {}, "137\u200d12345678", "13712345678", "unseen_sign"),
    ("string", {"pattern": r"BX\d{4}"}, "BX 0001", "BX0001", "spacing"),
    ("string", {}, "无", None, "placeholder"),
    ("date", {}, "1900-01-01", None, "placeholder"),
    ("mobile", {}, "13800000000", None, "placeholder"),
    ("boolean", {}, "１", "True", "full_width"),
    ("date", {}, "民國109年1月3日", "2020-01-03", "roc_year"),
    ("date", {}, "民国109/1/3", "2020-01-03", "roc_year"),
    ("date", {}, "25/4/2011", "2011-04-25", "year_last"),
    ("date", {}, "4/25/2011", "2011-04-25", "year_last"),
    ("date", {}, "二〇二六年一月三日", "2026-01-03", "chinese_numerals"),
    ("date", {}, "二零二六年十二月三十一日", "2026-12-31", "chinese_numerals"),
    ("date", {}, "2020年1月3号", "2020-01-03", "date_form"),
    ("date", {}, "2020-01-03 00:00:00", "2020-01-03", "date_form"),
    ("date", {}, "2020–01–03", "2020-01-03", "date_form"),
    ("date", {}, '="2020-01-03"', "2020-01-03", "text_marker"),
    ("date", {}, "0000-00-00", None, "placeholder"),
    ("timestamp", {}, "2019-10-29 05:26:29 PM", "2019-10-29 17:26:29+08:00", "date_form"),
    ("timestamp", {}, "2019/12/7 下午4:42:05", "2019-12-07 16:42:05+08:00", "date_form"),
    ("timestamp", {}, "2019/12/7 上午12:01:41", "2019-12-07 00:01:41+08:00", "date_form"),
    ("timestamp", {}, "3/19/2019 11:22:30", "2019-03-19 11:22:30+08:00", "year_last"),
    ("timestamp", {}, "民国108年12月15日 13:56:38", "2019-12-15 13:56:38+08:00", "roc_year"),
    ("timestamp", {}, "1560078404000", "2019-06-09 19:06:44+08:00", "epoch"),
    ("timestamp", {}, "1560078404", "2019-06-09 19:06:44+08:00", "epoch"),
    ("timestamp", {}, "2019-09-12T05:35:58Z", "2019-09-12 13:35:58+08:00", "time_zone"),
    ("timestamp", {}, "2019-10-15T15:23:48+08:00", "2019-10-15 15:23:48+08:00", "time_zone"),
    ("timestamp", {}, "2019-10-15 15:23:48.0", "2019-10-15 15:23:48+08:00", "date_form"),
    ("timestamp", {}, "2019-05-11 24:06:05", "2019-05-12 00:06:05+08:00", "date_form"),
    ("integer", {}, "12次", "12", "number_form"),
    ("integer", {}, "(5)", "-5", "number_form"),
    ("integer", {}, "三百二十", "320", "chinese_numerals"),
    ("integer", {}, "两万三千零五", "23005", "chinese_numerals"),
    ("money", {}, "壹万贰仟元整", "12000.00", "chinese_numerals"),
    ("money", {}, "1.5万元", "15000.00", "scale"),
    ("money", {}, "1.23456万", "12345.60", "scale"),
    ("money", {}, "1.2亿", "120000000.00", "scale"),
    ("number", {}, "36.5℃", "36.5", "number_form"),
    ("number", {}, "120平方米", "120.0", "number_form"),
    ("number", {}, "87.65-", "-87.65", "number_form"),
    ("number", {"range": [73, 136]}, "E120.75321", "120.75321", "degrees"),
    ("number", {"range": [73, 136]}, "120°45′11.56″", "120.75321111", "degrees"),
    ("number", {"range": [73, 136]}, "120753210", "120.75321", "number_form"),
    ("mobile", {}, "（+86）13712345678", "13712345678", "mobile_form"),
    ("mobile", {}, "013712345678", "13712345678", "mobile_form"),
    ("mobile", {}, "13712345678.0", "13712345678", "mobile_form"),
    ("mobile", {}, "手机：13712345678(儿子)", "13712345678", "mobile_form"),
    ("resident_id", {}, "11010519491231002×", "11010519491231002X", "id_form"),
    ("resident_id", {}, "1101O519491231002X", "11010519491231002X", "letter_for_digit"),
    ("person_name", {}, "张三先生", "张三", "name_form"),
    ("person_name", {}, "阿卜杜拉•买买提", "阿卜杜拉·买买提", "name_form"),
    ("person_name", {}, "ÕÅÈý", "张三", "decoded"),
    ("free_text", {}, "¾´°®µÄÁìµ¼", "敬爱的领导", "decoded"),
    ("free_text", {}, "涓滄箹鑺卞洯", "东湖花园", "decoded"),
    ("string", {}, "1鍗曞厓", "1单元", "decoded"),
    ("string", {}, "东湖花园".encode().decode("latin-1"), "东湖花园", "decoded"),  # its last byte is a soft hyphen
    (
        "free_text",
        {},
        "\t" + "长江".encode("gbk").decode("latin-1") + "草原".encode("gbk").decode("latin-1") + "\n\t",
        "长江草原",
        "decoded",
    ),
    ("free_text", {}, "伊景园·昇明——路".encode("gbk").decode("latin-1"), "伊景园·昇明——路", "decoded"),
    ("string", {}, "æ±Ÿè¾¹", "江边", "decoded"),  # by Windows-1252
    ("string", {}, "JosÃ© MartÃ\xad", "José Martí", "decoded"),
    ("string", {}, "don\x92t", "don’t", "decoded"),
    ("person_name", {}, "迪丽热巴·迪力木拉提".encode("gbk").decode("latin-1"), "迪丽热巴·迪力木拉提", "decoded"),
    ("string", {"map": {"女": "female"}}, "Å®", "female", "decoded"),
    ("string", {"pattern": r"第\d+号"}, "第12号".encode().decode("latin-1"), "第12号", "decoded"),
    ("boolean", {}, "æ\x98¯", "True", "decoded"),
    ("free_text", {}, "<p>路灯&#65292;不亮</p>", "路灯，不亮", "markup"),
    ("free_text", {}, "路灯\x07不亮", "路灯不亮", "unseen_sign"),
    ("string", {"pattern": r"\d{15}"}, "330499-001-001001", "330499001001001", "code_form"),
    ("string", {"pattern": r"\d{15}"}, "33O49900l001001", "330499001001001", "letter_for_digit"),
    ("string", {"map": {"低保": "basic"}}, "低保（待核）", "basic", "word_form"),
    ("string", {"map": {"Open - Dup": "twice"}}, "open-dup", "twice", "word_form"),
    ("integer", {"placeholders": ["999"]}, "999", None, "placeholder"),
]
AS_AGREED = [
    ("date", {}, "2020-01-03", "2020-01-03"),
    ("date", {"formats": ["yyyyMM"]}, "202603", "2026-03-01"),
    ("date", {"formats": ["yyyMMdd"]}, "0740918", "1985-09-18"),
    ("date", {"formats": ["yyyMMdd", "yyyy-MM-dd"]}, "1081215", "2019-12-15"),
    ("date", {"formats": ["yyy/M/d"]}, "109/1/3", "2020-01-03"),
    ("timestamp", {"formats": ["yyy.M.d H:mm"]}, "74.9.18 8:05", "1985-09-18 08:05:00+08:00"),
    ("timestamp", {}, " 2026-03-01 09:05:00\t", "2026-03-01 09:05:00+08:00"),
    ("money", {}, "-1086.5", "-1086.50"),
    ("integer", {}, "007", "7"),
    ("resident_id", {}, "11010519491231002X", "11010519491231002X"),
    ("mobile", {}, "13712345678", "13712345678"),
    ("person_name", {}, "阿卜杜拉·买买提", "阿卜杜拉·买买提"),
    ("person_name", {}, "Anna Lee", "Anna Lee"),
    ("boolean", {}, "否", "False"),
    ("free_text", {}, "为什么???不处理", "为什么???不处理"),
    ("free_text", {}, "浏阳河边12.5°C·晴，Café Rén，3<5", "浏阳河边12.5°C·晴，Café Rén，3<5"),
    ("string", {"map": {"无": "none", "有": "some"}}, "无", "none"),
    *(
        ("string", {}, text, text)
        for text in [
            "Þór Größe",
            "MÜßIG",
            "20°±5",
            "§12–14",
            "Is it 5?",
            "A?b=1 or what",
            "བཀྲ་ཤིས།",
            "پەرھات",
            "绮媛涛",
            "联通",
        ]
    ),
    ("person_name", {}, "Þór", "Þór"),
]
HELD = [
    ("date", "03/04/2026", "third of April or fourth of March"),
    ("date", "2020113", "3 November or 13 January"),
    ("date", "2026-02-30", "no such day"),
    ("date", "109/1/3", "a year of the Republic or of our era"),
    ("date", "3/4/26", "three readings"),
    ("timestamp", "03/04/2026 10:00", "April or March"),
    ("timestamp", "2026113", "3 November or 13 January"),
    ("timestamp", "2026030111500", "11:50:00 or 1:15:00"),
    ("money", "1.086,00", "a comma for the decimals"),
    ("money", "1,5", "a decimal comma or a group"),
    ("money", "$1,086", "another currency"),
    ("money", "1086.005", "half a fen would be lost"),
    ("money", "1.2345678万", "half a fen would be lost"),
    ("integer", "3.5", "not whole"),
    ("integer", "99999999999999999999", "too long to keep"),
    ("number", "1e5", "Excel has cut an identifier"),
    ("mobile", "1371234567", "a digit short"),
    ("mobile", "0573-82001234", "a landline"),
    ("resident_id", "1.10105194912310E+17", "Excel has cut the digits"),
    ("resident_id", "110105194913310020", "a thirteenth month"),
    ("resident_id", "11010549133100", "a digit short"),
    ("boolean", "也许", "neither"),
    ("date", "202611", "a month, or a day without its zeros"),
    ("date", "农历正月初一", "no year"),
    ("timestamp", "03/04/2019 11:22", "April or March"),
    ("integer", "三百二", "302 or 320"),
    ("integer", "约3", "not exact"),
    ("mobile", "13712345678/13812345679", "two numbers"),
    ("resident_id", "110105********002X", "masked"),
    ("person_name", "张某某", "masked"),
    ("person_name", "周昊 男", "a name and a sex, or a name of three signs"),
    ("person_name", "张三（户主）", "a note may name another"),
    ("person_name", "李?", "a sign is lost"),
    ("free_text", "锟斤拷锟斤拷", "lost for good"),
    ("free_text", "A?A6??????????", "lost for good"),
    ("string", "鍖椾含甯?", "北京市, of which the last byte is lost"),
    ("string", "3?", "3幢 or 3号, or is it asked"),
    ("string", "6855???188a9887502", "lost for good"),
    ("string", "3Â¥", "3楼 in GBK or 3¥ in UTF-8"),
    ("string", "\x8eì\x9f", "in no table a text"),
    ("string", "同上", "only the file's order would tell"),
]
WRITTEN_IN = {"date": "%Y-%m-%d", "timestamp": "%Y-%m-%d %H:%M:%S"}


@pytest.mark.parametrize(("type_", "spec", "text", "value", "rule"), MENDED)
def test_a_form_that_can_mean_only_one_thing_is_mended_by_a_named_rule(type_, spec, text, value, rule) -> None:
    (row,) = read_values(one_column(type_, **spec), [text])
    assert (row.kept, row.values["value"], row.repairs) == (True, value, {"value": rule})


@pytest.mark.parametrize(("type_", "spec", "text", "value"), AS_AGREED)
def test_a_value_written_as_agreed_is_read_and_not_called_mended(type_, spec, text, value) -> None:
    (row,) = read_values(one_column(type_, **spec), [text])
    assert (row.kept, row.values["value"], row.repairs) == (True, value, {})


@pytest.mark.parametrize(("type_", "text", "why"), HELD)
def test_a_form_with_two_meanings_or_none_is_held_never_guessed(type_, text, why) -> None:
    (row,) = read_values(one_column(type_), [text])
    assert not row.kept, f"{text} was read as {row.values['value']}: {why}"
    assert [reason.split(":")[1] for reason in row.reasons] == ["value"]


def test_a_note_that_takes_a_word_back_is_no_dress_of_the_word() -> None:
    found = read_values(
        one_column("string", map={"低保": "basic", "合格": "passed"}), ["低保(停发)", "不合格", "合格(复检不合格)"]
    )
    assert [row.reasons for row in found] == [["code:value"]] * 3


def test_a_letter_in_an_id_is_a_digit_only_where_the_check_digit_proves_it() -> None:
    found = read_values(one_column("resident_id"), ["1101O519491231002X", "1101O519491231003X", "110l05194912310020"])
    assert [row.kept for row in found] == [True, False, False]


def test_a_row_rule_asks_an_id_for_birth_date_and_sex() -> None:
    contract = feed_of(
        {
            "resident_id": {"from": ["证号"], "type": "resident_id"},
            "born": {"from": ["出生"], "type": "date"},
            "sex": {"from": ["性别"], "type": "string", "map": {"男": "male", "女": "female"}},
        },
        rows=[
            {"born_as_id": {"must": "born = id_birth_date(resident_id)", "zh": "出生日期与证号不符"}},
            {"sex_as_id": {"must": "sex = id_sex(resident_id)", "zh": "性别与证号不符"}},
        ],
    )
    people = [("1949-12-31", "女"), ("1949-12-13", "女"), ("1949-12-31", "男"), (None, None)]
    sent = [
        {"item_no": f"N{n}", "resident_id": "11010519491231002X", "born": born, "sex": sex}
        for n, (born, sex) in enumerate(people)
    ]
    assert [row.reasons for row in sifted(contract, sent)[1]] == [[], ["row:born_as_id"], ["row:sex_as_id"], []]


def test_a_rule_that_asks_another_column_for_a_birth_date_is_refused_when_the_contract_is_read() -> None:
    with pytest.raises(ValidationError, match="id_birth_date asks one column of type resident_id"):
        feed_of(
            {"born": {"from": ["出生"], "type": "date"}},
            rows=[{"born_as_id": {"must": "born = id_birth_date(born)", "zh": "不符"}}],
        )


@pytest.mark.parametrize("text", ["991102", "066  25", "1081315", "2020113", "10812151"])
def test_what_is_no_day_of_the_republic_is_held(text: str) -> None:
    (row,) = read_values(one_column("date", formats=["yyyMMdd"]), [text])
    assert row.reasons == ["date:value"], f"{text} was read as {row.values['value']}"


def test_a_day_of_seven_digits_is_held_also_where_the_agreed_form_is_digits() -> None:
    (row,) = read_values(one_column("date", formats=["yyyyMMdd"]), ["2026113"])
    assert not row.kept, f"2026113 is 3 November or 13 January; it was read as {row.values['value']}"


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        (type_, text)
        for type_, spec, text, value, _ in MENDED
        if value is not None and type_ != "string" and not spec
    ]
    + [("string", "Ａ座"), ("person_name", "无"), ("free_text", "不详"), ("string", "无")],
)  # fmt: skip
def test_a_column_whose_repair_is_off_holds_what_it_would_have_mended(type_: str, text: str) -> None:
    contract = one_column(type_, repair=False)
    (row,) = read_values(contract, [text])
    assert (row.kept, row.repairs) == (False, {})
    assert all("值" in say_held(contract, reason) for reason in row.reasons)


@pytest.mark.parametrize("text", ["ＮＡ", "ＮＵＬＬ", "Ｎ／Ａ", "／", "－－"])
def test_a_placeholder_in_full_width_is_a_placeholder_not_a_value(text: str) -> None:
    (row,) = read_values(one_column("string"), [text])
    assert row.values["value"] is None, f"{text} stands for no value and became {row.values['value']!r}"


@pytest.mark.parametrize(
    ("text", "kept"), [("1234567", True), ("1234568", False), ("-0.000001", False), ("0.1234567", True)]
)
def test_a_range_is_kept_to_its_last_digit(text: str, kept: bool) -> None:
    (row,) = read_values(one_column("number", range=[0, 1234567]), [text])
    assert row.kept is kept


WEIGHTS = [2 ** (17 - i) % 11 for i in range(17)]


def check_character(first17: str) -> str:
    """GB 11643-1999: ISO 7064 MOD 11-2 over the first 17 digits."""
    remainder = sum(int(digit) * weight for digit, weight in zip(first17, WEIGHTS, strict=True)) % 11
    return "10X98765432"[remainder]


@st.composite
def first17(draw: st.DrawFn) -> str:
    born = draw(st.dates(date(1900, 1, 1), date(2026, 6, 1)))
    return f"{draw(st.integers(110000, 659999))}{born:%Y%m%d}{draw(st.integers(0, 999)):03d}"


@settings(deadline=None, max_examples=8)
@given(st.lists(first17(), min_size=12, max_size=50, unique=True))
def test_the_check_digit_of_a_resident_id_is_the_standard_s(bodies: list[str]) -> None:
    right = [body + check_character(body) for body in bodies]
    wrong = [body + end for body in bodies[:5] for end in "0123456789X" if end != check_character(body)]
    found = read_values(one_column("resident_id"), right + wrong)
    assert all(row.kept and not row.repairs for row in found[: len(right)])
    assert [row.reasons for row in found[len(right) :]] == [["check_digit:value"]] * 50


@settings(deadline=None, max_examples=8)
@given(st.lists(first17(), min_size=2, max_size=50, unique=True))
def test_an_id_of_15_digits_becomes_the_same_person_s_18(bodies: list[str]) -> None:
    old = [body for body in bodies if body[6:8] == "19"]
    found = read_values(one_column("resident_id"), [body[:6] + body[8:] for body in old])
    assert [row.values["value"] for row in found] == [body + check_character(body) for body in old]
    assert all(row.repairs == {"value": "id_15_to_18"} for row in found)


def test_the_check_digit_agrees_with_published_examples(published) -> None:
    with published("cn/id_checksum_vectors.csv").open(encoding="utf-8", newline="") as lines:
        vectors = [row for row in csv.DictReader(lines) if row["kind"] == "ric"]
    found = read_values(one_column("resident_id"), [vector["input"] for vector in vectors])
    assert len(vectors) >= 5
    for vector, row in zip(vectors, found, strict=True):
        assert row.kept == (vector["valid"] == "1"), vector
        assert not row.kept or row.values["value"] == vector["canonical_or_error"]


FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
DISGUISES = {
    "date": st.dates(date(1901, 1, 1), date(2100, 1, 1)).flatmap(
        lambda d: st.sampled_from([f"{d.year}年{d.month}月{d.day}日", f"{d:%Y%m%d}", f"{d:%Y/%m/%d}", f"{d:%Y-%m-%d}".translate(FULL_WIDTH)])
    ),
    "timestamp": st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1)).flatmap(
        lambda t: st.sampled_from([f"{t:%Y/%m/%d %H:%M:%S}", f"{t:%Y年%m月%d日 %H时%M分%S秒}", f"{t:%Y%m%d%H%M%S}", f"{t:%Y-%m-%dT%H:%M:%S}"])
    ),
    "money": st.decimals(-10**6, 10**6, places=2).flatmap(
        lambda m: st.sampled_from([f"{m:,}元", f"{m}元", f"￥{m}" if m >= 0 else f"{m}元", str(m).translate(FULL_WIDTH)])
    ),
    "integer": st.integers(-10**9, 10**9).flatmap(lambda n: st.sampled_from([f"{n}.0", str(n).translate(FULL_WIDTH)])),
    "mobile": st.from_regex(r"1[3-9][1-9]{9}", fullmatch=True).flatmap(
        lambda m: st.sampled_from([f"+86{m}", f"{m[:3]}-{m[3:7]}-{m[7:]}", f"{m[:3]} {m[3:]}", m.translate(FULL_WIDTH)])
    ),
    "resident_id": first17().flatmap(
        lambda b: st.sampled_from([f"{b[:6]} {b[6:14]} {b[14:]}{check_character(b)}", (b + check_character(b)).translate(FULL_WIDTH)])
    ),
    "person_name": st.text("东湖南桥西塘北港李王张", min_size=2, max_size=4).map(" ".join),
}  # fmt: skip


def as_agreed(type_: str, value: str) -> str:
    """A kept value, written the way the contract asks for."""
    if type_ in WRITTEN_IN:
        return datetime.fromisoformat(value).strftime(WRITTEN_IN[type_])
    return value


@pytest.mark.parametrize("type_", DISGUISES)
@settings(deadline=None, max_examples=5)
@given(data=st.data())
def test_a_mended_value_sent_again_as_mended_is_kept_untouched(type_: str, data: st.DataObject) -> None:
    texts = data.draw(st.lists(DISGUISES[type_], min_size=30, max_size=45))
    contract = one_column(type_)
    first = read_values(contract, texts)
    assert all(row.kept and row.repairs for row in first), [
        t for t, r in zip(texts, first, strict=True) if not r.repairs
    ]
    again = read_values(contract, [as_agreed(type_, row.values["value"] or "") for row in first])
    assert [(row.values["value"], row.repairs) for row in again] == [(row.values["value"], {}) for row in first]


def test_a_serial_of_excel_is_the_day_that_excel_shows() -> None:
    days = {20000: date(1954, 10, 3), 36526: date(2000, 1, 1), 43833: date(2020, 1, 3), 60000: date(2064, 4, 8)}
    found = read_values(one_column("date"), list(map(str, days)))
    assert [row.values["value"] for row in found] == [day.isoformat() for day in days.values()]
    assert all(day == date(1899, 12, 30) + timedelta(serial) for serial, day in days.items())


def test_a_sum_in_wan_is_ten_thousand_times_itself_to_the_fen() -> None:
    found = read_values(one_column("money"), ["0.0001万", "12.3456万", "99999999万"])
    assert [Decimal(row.values["value"] or "nan") for row in found] == [1, Decimal("123456"), Decimal("999999990000")]
