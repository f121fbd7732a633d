"""The guess of an encoding: never surely wrong, seldom unsure of Chinese text, and no file refused that is what its contract says."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.bench.encodings import COMES_IN, Trial, bench_encoding, reliability
from jobs.ingest import decode
from jobs.ingest.decode import SAMPLE_BYTES, _sample, decoded
from jobs.ingest.unreadable import Unreadable
from quality.encoding import SURE, family_of, guess, surely_other

SIMPLIFIED = "编号,姓名,地址,事由\n1,王秀英,南湖区建设街道中山路社区,楼道内堆放杂物影响通行\n2,李建国,秀洲区新城街道,路灯不亮已有一周\n"
TRADITIONAL = (
    "編號,姓名,地址,事由\n1,王秀英,中正區忠孝東路,樓道內堆放雜物影響通行\n2,李建國,大安區和平東路,路燈不亮已有一週\n"
)
RARE = [chr(code) for code in (*range(0x4E00, 0x9FA6), *range(0x3400, 0x4DB6), *range(0x20000, 0x20100))]


@pytest.mark.parametrize(
    ("text", "codec", "encoding"),
    [
        (SIMPLIFIED, "utf-8", "utf-8"), (SIMPLIFIED, "utf-8-sig", "utf-8-sig"), (SIMPLIFIED, "gbk", "gb18030"),
        (SIMPLIFIED, "utf-16", "utf-16"), (SIMPLIFIED, "utf-16-le", "utf-16-le"), (SIMPLIFIED, "utf-16-be", "utf-16-be"),
        (TRADITIONAL, "big5", "big5"), (TRADITIONAL, "gbk", "gb18030"), (TRADITIONAL, "utf-8", "utf-8"),
        ("case_no,kind,reported_at\nA1,theft,2026-03-01\n", "ascii", "ascii"),
        ("名前,住所,内容\n山田太郎,東京都港区,街灯がつかない状態が続いています\n", "shift_jis", "shift_jis"),
        (SIMPLIFIED.replace("王", "𠮷").replace("李", "㐂"), "gb18030", "gb18030"),
        (TRADITIONAL.replace("東路", "東路碁裏粧"), "cp950", "cp950"),
    ],
)  # fmt: skip
def test_what_departments_send_is_recognised(text: str, codec: str, encoding: str) -> None:
    found = guess(text.encode(codec))
    assert found.encoding == encoding
    assert found.confidence >= SURE
    assert text.encode(codec).decode(found.encoding) == text


@pytest.mark.parametrize(
    "sample", ["街".encode("gbk"), "東路".encode("big5"), "王五\n李四\n".encode("gbk"), b"\xff\xfa\x9d\x81" * 9]
)
def test_too_little_is_asked_about_with_how_each_would_read(sample: bytes) -> None:
    found = guess(sample)
    assert found.encoding is None
    assert len(found.candidates) >= 2
    assert all(candidate.reads for candidate in found.candidates)
    assert found.why_zh


@given(st.binary(max_size=400))
def test_any_bytes_have_an_answer(sample: bytes) -> None:
    found = guess(sample)
    shares = [candidate.probability for candidate in found.candidates]
    assert shares == sorted(shares, reverse=True)
    assert 0 <= sum(shares) <= 1 + 1e-9
    assert found.encoding is None or found.confidence >= SURE


@given(st.lists(st.text(st.sampled_from(RARE), min_size=1, max_size=4), min_size=1, max_size=60), st.booleans())
def test_rare_names_are_never_a_reason_to_refuse(given_names: list[str], chinese_header: bool) -> None:
    """No file of surnames and the rarest characters there are, alone under an English header, is said to be misread."""
    header = "姓名,编号" if chinese_header else "name,no"
    lines = [header, *(f"{'王李张刘陈'[n % 5]}{name},{n}" for n, name in enumerate(given_names))]
    assert surely_other("\n".join(lines).encode("gb18030"), "gb18030") is None


@pytest.mark.parametrize("codec", ["gbk", "gb18030", "big5", "cp950", "shift_jis", "utf-16-le"])
def test_a_file_as_agreed_is_not_refused_under_any_name_of_its_encoding(codec: str) -> None:
    assert (
        surely_other((TRADITIONAL if family_of(codec) == "big5" else SIMPLIFIED).encode(codec, errors="ignore"), codec)
        is None
    )


def test_big5_that_decodes_as_gb18030_is_refused_with_the_reason(tmp_path: Path) -> None:
    sent = TRADITIONAL.encode("big5")
    assert sent.decode("gb18030")  # without an error: nothing else would tell
    path = tmp_path / "sent.csv"
    path.write_bytes(sent)
    with pytest.raises(Unreadable, match="不是约定的 GB18030 编码,看起来是 BIG5"):
        decoded(path, "gb18030", tmp_path)
    assert decoded(path, "big5", tmp_path).read_text(encoding="utf-8") == TRADITIONAL


def test_a_receipt_asks_when_it_cannot_tell_and_shows_no_value(tmp_path: Path) -> None:
    path = tmp_path / "sent.csv"
    path.write_bytes("王五\n李四\n".encode("gbk"))
    with pytest.raises(Unreadable, match=r"可能是 .*请核对导出时所选的编码") as refused:
        decoded(path, "utf-8", tmp_path)
    assert not {"王", "李"} & set(str(refused.value))


def test_a_large_file_is_decoded_by_two_processes_into_the_same_text(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(decode, "SHARED_BYTES", 1)
    text = SIMPLIFIED * 40 + "最后一行没有换行符"
    for encoding in ("gb18030", "gbk"):
        path = tmp_path / f"{encoding}.csv"
        path.write_bytes(text.encode(encoding))
        assert decoded(path, encoding, tmp_path).read_text(encoding="utf-8") == text
    assert not list(tmp_path.glob("*.behind"))
    monkeypatch.setattr(decode, "LONGEST_LINE", 1 << 10)
    for lead in ("", "x"):  # no line feed says where a character ends, at an even or at an odd place
        old_mac = (lead + text.replace("\n", "\r")).encode("gb18030")
        path.write_bytes(old_mac)
        assert decoded(path, "gb18030", tmp_path).read_bytes().decode() == old_mac.decode("gb18030")
    broken = text.encode("gb18030").splitlines(keepends=True)
    broken[100] = b"9,\x81\x20\n"
    path.write_bytes(b"".join(broken))
    with pytest.raises(Unreadable, match="第 101 行起"):
        decoded(path, "gb18030", tmp_path)


def test_the_sample_begins_where_a_file_leaves_ascii(tmp_path: Path) -> None:
    path = tmp_path / "sent.csv"
    path.write_bytes(b"case_no,kind\n" + b"A1,theft\n" * (2 * SAMPLE_BYTES // 9) + SIMPLIFIED.encode("gbk"))
    assert guess(_sample(path)).encoding == "gb18030"


def assert_reliable(trials: list[Trial]) -> None:
    """Wrong and sure in at most one of a thousand; Chinese of 500 bytes unsure in at most one of twenty; no confidence that promises more than it keeps."""
    chinese = [trial for trial in trials if trial.language.startswith("zh")]
    long = [trial for trial in chinese if trial.size >= 500]
    assert len(long) > 100
    assert sum(trial.outcome == "wrong" for trial in trials) <= len(trials) / 1000
    assert sum(trial.outcome == "unsure" for trial in long) <= len(long) / 20
    for bounds, cuts, confidence, right in reliability(chinese):
        if cuts >= 50 and confidence > 0.8:
            assert right > confidence - 0.03, bounds


def test_the_guess_is_as_reliable_as_it_says_on_texts_of_seven_languages() -> None:
    trials = bench_encoding(None, cuts=6)
    assert {trial.language for trial in trials} == set(COMES_IN)
    assert_reliable(trials)


def test_the_guess_is_as_reliable_as_it_says_on_real_data(published) -> None:
    assert_reliable(bench_encoding(published(""), cuts=4))


def test_no_real_file_is_refused_in_the_encoding_it_is_in(published) -> None:
    chance, seen = random.Random(1), 0
    for path in [path for path in published("").rglob("*") if path.suffix in (".csv", ".txt")]:
        content = path.read_bytes()[: 2 * SAMPLE_BYTES]
        text = content.decode("gb18030" if "GBK" in path.name else "utf-8", errors="ignore")
        for codec in ("gb18030", "utf-16-le", "big5", "cp1252"):
            start = text.find("\n", chance.randrange(max(1, len(text) // 2))) + 1
            if (sent := text[start : start + SAMPLE_BYTES].encode(codec, errors="ignore")) and sent.decode(
                codec
            ) in text:
                assert surely_other(sent, codec) is None, (path.name, codec)
                seen += 1
    assert seen > 50
