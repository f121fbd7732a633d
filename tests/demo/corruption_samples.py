"""Values a department might send, by role, and a sheet that has a column of every role."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from demo.people import check_digit
from demo.sheet import Column, Form, Sheet

HAN = "王李张刘陈杨赵黄周吴丽芳伟敏静军明红英梅东湖社区网格电梯盗窃纠纷路口反映问题处理已办结"
DAYS = st.dates(min_value=pd.Timestamp("1930-01-01").date(), max_value=pd.Timestamp("2026-06-28").date())
MOMENTS = st.datetimes(min_value=pd.Timestamp("1980-01-01"), max_value=pd.Timestamp("2026-06-28"))


def with_check_digit(day: str, order: int) -> str:
    seventeen = f"330499{day}{order:03d}"
    return seventeen + check_digit(seventeen)


MONEY = st.decimals(min_value=-2_000_000, max_value=200_000_000, places=2).map(str)
VALUES: dict[str, st.SearchStrategy[str]] = {
    "key": st.integers(0, 99_999_999).map("{:08d}".format) | st.integers(0, 999_999).map("HJ{:06d}".format),
    "id": st.builds(with_check_digit, DAYS.map("{:%Y%m%d}".format), st.integers(0, 999)),
    "name": st.sampled_from(["张丽", "王芳", "李建国", "陈伟", "阿卜杜拉·买买提", "欧阳静", "赵敏"]),
    "date": DAYS.map(str),
    "birth": DAYS.map(str),
    "stamp": MOMENTS.map("{:%Y-%m-%d %H:%M:%S}".format) | MOMENTS.map(lambda m: f"{m.year}/{m.month}/{m.day} {m:%H:%M}"),
    "month": DAYS.map("{:%Y-%m}".format) | DAYS.map("{:%Y%m}".format),
    "word": st.sampled_from(["盗窃", "邻里纠纷", "低保", "电梯", "已办结", "待处理", "诈骗", "男"]),
    "sex": st.sampled_from(["男", "女", "1", "2"]),
    "grid": st.integers(0, 999_999_999).map("330499{:09d}".format) | st.integers(1, 999_999_999).map("0{:09d}".format),
    "money": MONEY,
    "number": st.integers(-500, 2_000_000).map(str) | MONEY,
    "lon": st.floats(73, 135).map("{:.6f}".format),
    "lat": st.floats(18, 53).map("{:.6f}".format),
    "mobile": st.integers(3_000_000_000, 9_999_999_999).map("1{}".format),
    "text": st.sampled_from(["3-1", "12-05", "梅园小区", "东湖机械厂", "A座1单元"]),
    "community": st.sampled_from(["湖滨社区", "望湖社区", "柳堤社区"]),
    "prose": st.text(alphabet=HAN + "，。 &<A1", min_size=1, max_size=60)
    | st.text(alphabet=HAN, min_size=86, max_size=120),
}  # fmt: skip
COLUMNS = {
    "record_no": Column("编号", "key", required=True),
    "resident_id": Column("身份证号", "id", required=True),
    "name": Column("姓名", "name", required=True),
    "sex": Column("性别", "word"),
    "birth_date": Column("出生日期", "date"),
    "registered_on": Column("登记日期", "date", required=True),
    "reported_at": Column("报警时间", "stamp", required=True),
    "arrived_at": Column("到场时间", "stamp"),
    "pay_month": Column("月份", "month"),
    "category": Column("类别", "word", required=True),
    "grid_code": Column("网格编码", "grid"),
    "community": Column("社区", "text"),
    "lon": Column("经度", "number"),
    "lat": Column("纬度", "number"),
    "amount": Column("金额", "money"),
    "likes": Column("点赞数", "number"),
    "mobile": Column("电话", "mobile"),
    "place": Column("地点", "text"),
    "detail": Column("详情", "prose"),
}


def sheet_of(rows: int, form: Form | None = None, feed: str = "police_incident", file_name: str = "x_1.csv") -> Sheet:
    """`rows` rows that keep every promise: the arrival after the report, the ID with its birth date and sex."""
    return Sheet(
        feed, "police", file_name, form or Form("csv", "gb18030", newline="\r\n"), COLUMNS, _frame(rows).copy()
    )


@cache
def _frame(rows: int) -> pd.DataFrame:
    dice = np.random.default_rng(rows)
    day = pd.Timestamp("2026-03-01") + pd.to_timedelta(dice.integers(0, 60 * 86_400, rows), unit="s")
    born = pd.Timestamp("1950-01-01") + pd.to_timedelta(dice.integers(0, 20_000, rows), unit="D")
    order, grid = dice.integers(0, 999, rows), dice.integers(0, 40, rows)
    return pd.DataFrame({
        "record_no": [f"{n:08d}" for n in range(rows)],
        "resident_id": [with_check_digit(f"{b:%Y%m%d}", n) for b, n in zip(born, order, strict=True)],
        "name": dice.choice(["张丽", "王芳", "李建国", "陈伟", "阿卜杜拉·买买提", "赵敏"], rows),
        "sex": np.where(order % 2 == 1, "男", "女"),
        "birth_date": born.strftime("%Y-%m-%d"),
        "registered_on": day.strftime("%Y-%m-%d"),
        "reported_at": day.strftime("%Y-%m-%d %H:%M:%S"),
        "arrived_at": (day + pd.Timedelta(minutes=9)).strftime("%Y-%m-%d %H:%M:%S"),
        "pay_month": day.strftime("%Y-%m"),
        "category": dice.choice(["盗窃", "邻里纠纷", "诈骗", "电梯", "求助"], rows),
        "grid_code": [f"{'0' if n % 9 == 0 else '3'}30499001{n:06d}" for n in grid],
        "community": [f"{['湖滨', '望湖', '柳堤', '钟楼'][n % 4]}社区" for n in grid],
        "lon": [f"{120 + x:.6f}" for x in dice.random(rows)],
        "lat": [f"{30 + x:.6f}" for x in dice.random(rows)],
        "amount": [f"{x:.2f}" for x in dice.normal(3000, 3000, rows)],
        "likes": (dice.integers(-3, 20, rows) * 700).astype(str),
        "mobile": [f"1{n}" for n in dice.integers(3_000_000_000, 9_999_999_999, rows)],
        "place": dice.choice(["3-1", "12-5", "梅园小区"], rows),
        "detail": [f"{t}反映电梯 & 路灯问题，请处理。" * (n % 9 + 1) for n, t in enumerate(dice.choice(["群众", "居民"], rows))],
    }, dtype=object)  # fmt: skip
