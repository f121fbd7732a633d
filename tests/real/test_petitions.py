"""Real petitions: what fifty people wrote of one building site in their own words is gathered, and nothing else with it."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from jobs.warn.methods.matters import link_texts, matter_of


@pytest.mark.parametrize(
    ("names", "texts", "least"),
    [("伊景园|滨河苑", 57, 50), ("丽发新城.*搅拌|搅拌.*丽发新城", 55, 45), ("泉星公园", 11, 7)],
)
def test_a_matter_of_many_petitioners_is_gathered_and_pure(published, names: str, texts: int, least: int) -> None:
    table = pd.read_excel(published("petitions_cn/petitions.xlsx"), dtype={"留言主题": str, "留言详情": str})
    subjects, bodies = table["留言主题"].fillna("").tolist(), table["留言详情"].fillna("").tolist()
    days = pd.to_datetime(table["留言时间"], format="mixed").to_numpy("datetime64[D]").astype(np.int64)
    whole = [f"{subject} {body}" for subject, body in zip(subjects, bodies, strict=True)]
    places = [found[0] if (found := re.search(r"[A-Z]\d+[区县市]", text)) else "" for text in whole]
    matter = matter_of(len(days), days, link_texts(subjects, bodies, places, days))
    named = np.array([bool(re.search(names, text, re.DOTALL)) for text in whole])
    assert named.sum() == texts
    largest = np.bincount(matter[named]).argmax()
    assert (matter == largest).sum() >= least
    assert (~named[matter == largest]).sum() <= 1, "one tells of the same housing estate by the name of its builder"
