"""Which encoding a department's text is in, and how sure that is: a likelihood ratio between hypotheses, never a silent pick.

A hypothesis is an encoding and a writing system: GB18030 that holds simplified Chinese, Big5 that holds traditional, and so on. Each
gives the same bytes a probability, and Bayes' rule gives the encodings theirs; one more, that it is none of these, takes every byte
alike. What repeats, as a code in every row does, is evidence once.
"""

from __future__ import annotations

import codecs
import math
import re
from dataclasses import dataclass

from quality.writing_systems import FAULT, counted, writing_systems

SURE = 0.999
TEMPER = 0.7  # neighbours are not independent: a word is less evidence than its characters one by one
SURELY_OTHER = 20.0  # nats, before a file that reads without a fault is said to be misread: names may be rare, and the contract is right as a rule
EVIDENCE_BYTES = 1 << 15
HEAD_BYTES = 1 << 10
SHORT_BYTES = 32
READS_CHARACTERS = 12
CHINESE, JAPANESE = ("simplified", "traditional"), ("japanese", "japanese_words")
ANY = (*CHINESE, *JAPANESE, "korean", "western", "cyrillic", "other")
SEPARATORS = re.compile(rb"[\x00-\x2f\x3a-\x3f]+")  # never a part of a character, save of UTF-16's
HIGH = re.compile(rb"[\x80-\xff]")


@dataclass(frozen=True)
class Hypothesis:
    """title: for a reader; prior: among the files that departments send; holds: writing systems; reads: the codec, Windows' superset if there is one."""

    title: str
    prior: float
    holds: tuple[str, ...]
    reads: str
    also: tuple[str, ...] = ()


HYPOTHESES = {
    "utf-8": Hypothesis("UTF-8", 0.45, ANY, "utf-8", ("utf-8-sig",)),
    "gb18030": Hypothesis("GB18030", 0.45, CHINESE, "gb18030", ("gbk", "gb2312")),
    "big5": Hypothesis("BIG5", 0.04, ("traditional",), "cp950", ("big5hkscs",)),
    "utf-16-le": Hypothesis("UTF-16 LE", 0.002, ANY, "utf-16-le"),
    "utf-16-be": Hypothesis("UTF-16 BE", 0.001, ANY, "utf-16-be"),
    "cp1252": Hypothesis("Latin-1", 0.01, ("western",), "cp1252", ("iso8859-1",)),
    "shift_jis": Hypothesis("Shift-JIS", 0.005, JAPANESE, "cp932"),
    "euc_jp": Hypothesis("EUC-JP", 0.002, JAPANESE, "euc_jp"),
    "euc_kr": Hypothesis("EUC-KR", 0.005, ("korean",), "cp949"),
    "cp1251": Hypothesis("Windows-1251", 0.001, ("cyrillic",), "cp1251"),
    "koi8-r": Hypothesis("KOI8-R", 0.001, ("cyrillic",), "koi8-r"),
}
NONE_OF_THESE, NONE_PRIOR = "", 0.01
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
MARKED = {"utf-8-sig": "UTF-8", "utf-16": "UTF-16", "utf-32": "UTF-32", "ascii": "ASCII"}


@dataclass(frozen=True)
class Candidate:
    """A codec's name, its probability, and how the first characters outside ASCII read in it: values of the file, for whoever drafts alone."""

    encoding: str
    probability: float
    reads: str


@dataclass(frozen=True)
class Guess:
    """encoding: a codec's name, None when it is not sure. confidence: the first candidate's probability. candidates: the likeliest first."""

    encoding: str | None
    confidence: float
    candidates: list[Candidate]
    why_zh: str


def guess(sample: bytes) -> Guess:
    """The encoding of a text by its beginning: sample starts at the start of the file or of a line, and may end within a character.

    Sure is a confidence of SURE: of samples that reached it, fewer than one in a thousand was something else (`citybrain bench encoding`).
    """
    for mark, encoding in MARKS:
        if sample.startswith(mark):
            return _settled(encoding, sample, f"文件开头有 {MARKED[encoding]} 的标记(BOM)")
    if not HIGH.search(sample) and b"\0" not in sample:
        return _without_high_bytes(sample)
    evidence = _evidence(sample)
    return _weighed(_posterior(evidence), evidence)


def surely_other(sample: bytes, declared: str) -> str | None:
    """The encoding that a sample surely is in when what it reads as in the declared one is no text; None when the declared one may well be right."""
    known = family_of(declared)
    if marked := next((encoding for mark, encoding in MARKS if sample.startswith(mark)), None):
        return marked if family_of(marked) != known and not known.startswith(marked) else None
    if known not in HYPOTHESES or not HIGH.search(sample):
        return None
    weights = _weights(_evidence(sample))
    likeliest = max(weights, key=lambda encoding: weights[encoding])
    if likeliest in (known, NONE_OF_THESE) or weights[known] >= weights[NONE_OF_THESE]:
        return None
    return likeliest if weights[likeliest] - weights[known] >= SURELY_OTHER else None


def family_of(codec: str) -> str:
    """The hypothesis that a codec's name belongs to: gbk is gb18030's, cp950 is big5's; else the codec's own name."""
    wanted = codecs.lookup(codec).name
    for encoding, hypothesis in HYPOTHESES.items():
        if wanted in (codecs.lookup(name).name for name in (encoding, hypothesis.reads, *hypothesis.also)):
            return encoding
    return wanted


def title_of(codec: str) -> str:
    """What an encoding is called in a sentence."""
    known = family_of(codec)
    return MARKED.get(codec) or (HYPOTHESES[known].title if known in HYPOTHESES else codec.upper())


def _settled(encoding: str, sample: bytes, why_zh: str) -> Guess:
    return Guess(encoding, 1.0, [Candidate(encoding, 1.0, _reads(sample, encoding))], why_zh)


def _without_high_bytes(sample: bytes) -> Guess:
    """ASCII, unless it is a scrap: a few characters of UTF-16 may look like it."""
    if len(sample) >= SHORT_BYTES:
        return _settled("ascii", sample, "文件中没有汉字,也没有其他 ASCII 以外的字符")
    candidates = [Candidate(name, 0.5, _reads(sample, name)) for name in ("ascii", "utf-16-be")] if sample else []
    return Guess(None, 0.5 if sample else 0.0, candidates, "文件太短,看不出编码" if sample else "文件是空的")


def _evidence(sample: bytes) -> bytes:
    """What the hypotheses are weighed on: of UTF-16, whose characters no separator of one byte divides, the sample; else its distinct words."""
    head = _weights(sample[:HEAD_BYTES])
    likeliest = max(head, key=lambda encoding: head[encoding])
    return sample[:EVIDENCE_BYTES] if likeliest.startswith("utf-16") else _distinct(sample)


def _distinct(sample: bytes) -> bytes:
    """The words outside ASCII, each once however often it stands there and whatever its digits, one a line."""
    words: dict[bytes, bytes] = {}
    size = 0
    for word in SEPARATORS.split(sample):
        if HIGH.search(word) and words.setdefault(re.sub(rb"[0-9]+", b"", word), word) is word:
            size += len(word)
            if size > EVIDENCE_BYTES:
                break
    return b"\n".join(words.values())


def _posterior(evidence: bytes) -> dict[str, float]:
    """Probability of each encoding, and of NONE_OF_THESE."""
    weights = _weights(evidence)
    highest = max(weights.values())
    shares = {encoding: math.exp(weight - highest) for encoding, weight in weights.items()}
    return {encoding: share / sum(shares.values()) for encoding, share in shares.items()}


def _weights(evidence: bytes) -> dict[str, float]:
    """Log of prior times likelihood under the writing system that fits best, in nats."""
    systems = writing_systems()
    weights = {NONE_OF_THESE: math.log(NONE_PRIOR) + TEMPER * _any_byte(evidence)}
    for encoding, hypothesis in HYPOTHESES.items():
        text = counted(_text(evidence, hypothesis.reads))
        holds = hypothesis.holds[:1] if text.faulty else hypothesis.holds  # which one no longer matters
        likelihood = max(systems[name].log_likelihood(text) for name in holds)
        weights[encoding] = math.log(hypothesis.prior) + TEMPER * likelihood
    return weights


def _any_byte(evidence: bytes) -> float:
    """Log-likelihood of bytes that are no text we know: ASCII as in any text, every other byte alike."""
    high = len(HIGH.findall(evidence))
    return high * math.log(0.5 / 128) + (len(evidence) - high) * math.log(0.5 / 96)


def _text(sample: bytes, codec: str) -> str:
    """The sample read by a codec, each fault as U+FFFD; a character that the end cuts off is left out."""
    return codecs.getincrementaldecoder(codec)(errors="replace").decode(sample, final=False)


def _weighed(posterior: dict[str, float], evidence: bytes) -> Guess:
    named = sorted(((share, encoding) for encoding, share in posterior.items() if encoding), reverse=True)
    plausible = [pair for place, pair in enumerate(named) if place < 2 or pair[0] >= 1 - SURE]
    candidates = [
        Candidate(_codec(encoding, evidence), share, _reads(evidence, HYPOTHESES[encoding].reads))
        for share, encoding in plausible
    ]
    first = candidates[0]
    if first.probability >= SURE:
        why = f"按 {title_of(first.encoding)} 读出的是通常的文字,按其他编码读出的都不是"
        return Guess(first.encoding, first.probability, candidates[:1], why)
    if posterior[NONE_OF_THESE] > first.probability:
        why = "按哪种常用编码读出的都不像通常的文字"
    else:
        why = f"文字太少,{'、'.join(title_of(c.encoding) for c in candidates)} 都可能,请看哪一种读得通顺"
    return Guess(None, first.probability, candidates, why)


def _codec(encoding: str, evidence: bytes) -> str:
    """The narrowest codec of an encoding that reads the evidence without a fault."""
    hypothesis = HYPOTHESES[encoding]
    names = (encoding, hypothesis.reads, *hypothesis.also)
    return next((name for name in names if FAULT not in _text(evidence, name)), encoding)


def _reads(sample: bytes, codec: str) -> str:
    said = "".join(c if c.isprintable() else " " for c in _text(sample[: 8 * READS_CHARACTERS], codec))
    return " ".join(said.replace(FAULT, "□").split())[:READS_CHARACTERS]
