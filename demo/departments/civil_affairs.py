"""民政局: benefits and certificates as CSV with a byte-order mark; deaths, marriages and elders as titled spreadsheets."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from demo.city import City
from demo.life.lives import KINDS
from demo.life.marriages import marriages as registered_marriages
from demo.life.payments import pay_runs
from demo.periods import last_month_closed, monthly
from demo.sheet import Column, Form, Sheet, renamed
from demo.text import as_day, joined, numbered, picked, table, where, written

FOLDER = "civil_affairs"
BENEFIT = {
    "payment_no": Column("发放流水号", "key", required=True),
    "resident_id": Column("身份证号", "id", required=True),
    "name": Column("姓名", "name", required=True),
    "kind": Column("救助类别", "word", required=True),
    "pay_month": Column("发放月份", "month", required=True),
    "amount": Column("发放金额", "money", required=True),
    "paid_on": Column("发放日期", "date", required=True),
    "grid_code": Column("所属网格", "grid"),
}
NEW_RELEASE = {"resident_id": "公民身份号码", "kind": "补贴类别", "amount": "金额（元）"}
DEATH = {
    "certificate_no": Column("死亡证明编号", "key", required=True),
    "resident_id": Column("身份证号", "id", required=True),
    "name": Column("姓名", "name", required=True),
    "died_on": Column("死亡日期", "date", required=True, cell="date"),
    "registered_on": Column("登记日期", "date"),
}
ELDER = {
    "elder_no": Column("登记编号", "key", required=True),
    "resident_id": Column("身份证号", "id", required=True, group="老人基本信息"),
    "name": Column("姓名", "name", required=True, group="老人基本信息"),
    "living": Column("居住情况", "word", required=True, group="老人基本信息"),
    "care_level": Column("自理能力", "word"),
    "contact_name": Column("姓名", "name", group="紧急联系人"),
    "contact_mobile": Column("电话", "mobile", group="紧急联系人"),
    "device_no": Column("门磁编号", "text"),
    "grid_code": Column("所属网格", "grid", required=True),
    "registered_on": Column("登记日期", "date", required=True),
}
MARRIAGE = {
    "record_no": Column("登记字号", "key", required=True),
    "kind": Column("登记类别", "word", required=True),
    "resident_id": Column("身份证号", "id", required=True, group="男方"),
    "name": Column("姓名", "name", required=True, group="男方"),
    "resident_id_two": Column("身份证号", "id", required=True, group="女方"),
    "name_two": Column("姓名", "name", required=True, group="女方"),
    "registered_on": Column("登记日期", "date", required=True),
}
CERTIFICATE = {
    "certificate_no": Column("残疾人证号", "key", required=True),
    "resident_id": Column("身份证号", "id", required=True),
    "name": Column("姓名", "name", required=True),
    "kind": Column("残疾类别", "word", required=True),
    "grade": Column("残疾等级", "word", required=True),
    "issued_on": Column("签发日期", "date", required=True),
    "expires_on": Column("有效期至", "date"),
    "status": Column("证件状态", "word"),
}
WORDS = {
    "subsistence": ("低保", "最低生活保障"),
    "destitute": ("特困供养", "特困人员供养"),
    "old_age": ("高龄津贴", "尊老金"),
    "disability": ("残疾人补贴", "两项补贴"),
    "relief": ("临时救助", "临时救助"),
}
LIVING_WORDS = ["独居", "空巢", "与子女同住", "机构养老"]  # in the order of care.LIVING
LEVEL_WORDS = ["能力完好", "轻度失能", "中度失能", "重度失能"]
DISABILITIES = ["视力", "听力", "言语", "肢体", "智力", "精神", "多重"]
GRADES = ["一级", "二级", "三级", "四级"]
MARRIAGE_WORDS = {"marriage": "结婚", "divorce": "离婚", "reissue": "补领"}
TEN_YEARS = np.timedelta64(3652, "D")


def benefits(city: City) -> Iterator[Sheet]:
    """One file a month; the second half of the months comes from a new release with other headers and column order."""
    runs = list(pay_runs(city.plan, city.lives, "benefit_payment"))
    order = ["payment_no", "kind", "name", *[c for c in BENEFIT if c not in ("payment_no", "kind", "name")]]
    for number, run in enumerate(runs):
        month, lots = str(run.month)[:7], city.plan.lots(f"benefit {run.month}", run.persons)
        benefit = run.kinds
        rows = table(
            payment_no=numbered(f"JZ{month[2:4]}{month[5:7]}", np.arange(1, len(run.persons) + 1), 6),
            resident_id=city.people.ids(run.persons),
            name=city.people.names(run.persons, run.feed),
            kind=where(lots < 0.1, picked([WORDS[kind][1] for kind in KINDS], benefit),
                       picked([WORDS[kind][0] for kind in KINDS], benefit)),
            pay_month=picked([month], np.zeros(len(benefit))),
            amount=written(run.amounts, 2),
            paid_on=as_day(np.full(len(benefit), run.paid_on)),
            grid_code=where(lots > 0.94, "", city.people.grid_codes(run.persons, run.paid_on)),
        )  # fmt: skip
        late = number >= len(runs) // 2
        columns = renamed(BENEFIT, NEW_RELEASE) if late else BENEFIT
        columns = {name: columns[name] for name in (order if late else BENEFIT)}
        yield Sheet("benefit_payment", FOLDER, f"jz_{month.replace('-', '')}.csv", Form("csv", "utf-8-sig"), columns,
                    rows[list(columns)], city.shielded[run.persons])  # fmt: skip


def deaths(city: City) -> Iterator[Sheet]:
    """One spreadsheet a month of registration, a merged title above its header row."""
    frame = city.lives.frame
    dead = np.flatnonzero(frame["died_on"].notna())
    dead = dead[np.lexsort([dead, *(frame[name].to_numpy()[dead] for name in ("died_on", "death_told_on"))])]
    told = frame["death_told_on"].to_numpy()[dead]
    for period in monthly(city.plan):
        rows = np.flatnonzero(period.holds(told))
        if not len(rows):
            continue
        person = dead[rows]
        yield Sheet("death", FOLDER, f"sw_{period.name}.xlsx", _titled(period.name, "死亡登记汇总表"), DEATH, table(
            certificate_no=numbered(f"SW{city.plan.end:%y}", rows + 1, 6),
            resident_id=city.people.ids(person),
            name=city.people.names(person),
            died_on=as_day(frame["died_on"].to_numpy()[person]),
            registered_on=as_day(told[rows]),
        ), city.shielded[person])  # fmt: skip


def elders(city: City) -> Iterator[Sheet]:
    """The stock with the backlog, then who was registered since. Those with a door sensor are guarded."""
    known = city.care.elders
    told = known["registered_on"].to_numpy()
    for number, period in enumerate(last_month_closed(city.plan)):
        rows = np.flatnonzero(period.holds(told) | ((number == 0) & (told < period.ends)))
        if not len(rows):
            continue
        own = known.iloc[rows]
        person, device = own["person"].to_numpy(), own["device"].to_numpy()
        none = city.plan.lots("no contact", rows) < 0.08
        form = _titled(period.name, "老年人信息登记表", two_lines=True)
        yield Sheet("elder_registry", FOLDER, f"lr_{period.name}.xlsx", form, ELDER, table(
            elder_no=numbered("LR", rows + 1, 8),
            resident_id=city.people.ids(person),
            name=city.people.names(person),
            living=picked(LIVING_WORDS, own["living"].to_numpy()),
            care_level=picked(LEVEL_WORDS, own["level"].to_numpy()),
            contact_name=where(none, "", city.people.names(own["contact"].to_numpy())),
            contact_mobile=where(none, "", city.people.mobiles(own["contact"].to_numpy())),
            device_no=where(device > 0, numbered("MC", device, 8), ""),
            grid_code=city.people.grid_codes(person, np.datetime64(period.last)),
            registered_on=as_day(told[rows]),
        ), city.shielded[person] | (device > 0))  # fmt: skip


def marriages(city: City) -> Iterator[Sheet]:
    happened = registered_marriages(city.plan, city.lives)
    told = happened["registered_on"].to_numpy()
    for period in last_month_closed(city.plan):
        rows = np.flatnonzero(period.holds(told))
        if not len(rows):
            continue
        own = happened.iloc[rows]
        man, woman = own["man"].to_numpy(), own["woman"].to_numpy()
        form = _titled(period.name, "婚姻登记统计表", two_lines=True)
        yield Sheet("marriage", FOLDER, f"hy_{period.name}.xlsx", form, MARRIAGE, table(
            record_no=numbered(f"HY{city.plan.end:%y}", rows + 1, 6),
            kind=picked([MARRIAGE_WORDS[kind] for kind in own["kind"]], np.arange(len(rows))),
            resident_id=city.people.ids(man),
            name=city.people.names(man),
            resident_id_two=city.people.ids(woman),
            name_two=city.people.names(woman),
            registered_on=as_day(told[rows]),
        ), city.shielded[man] | city.shielded[woman])  # fmt: skip


def certificates(city: City) -> Iterator[Sheet]:
    """The stock as it stood at the end of the first file's days, then the renewals. What is about to expire is guarded."""
    papers, end = city.care.certificates, pd.Timestamp(city.plan.end)
    renewed, due = papers["renewed_on"].to_numpy(), papers["expires_on"].between(end, end + pd.Timedelta(days=45))
    for number, period in enumerate(last_month_closed(city.plan)):
        rows = np.arange(len(papers)) if number == 0 else np.flatnonzero(period.holds(renewed))
        if not len(rows):
            continue
        own, again = papers.iloc[rows], renewed[rows] < period.ends
        person, kind, grade = (own[name].to_numpy() for name in ("person", "kind", "grade"))
        ids = city.people.ids(person)
        yield Sheet("disability_certificate", FOLDER, f"cj_{period.name}.csv", Form("csv", "utf-8-sig"), CERTIFICATE, table(
            certificate_no=joined(ids, written(kind + 1), written(grade + 1)),
            resident_id=ids,
            name=city.people.names(person),
            kind=picked(DISABILITIES, kind),
            grade=picked(GRADES, grade),
            issued_on=as_day(np.where(again, renewed[rows], own["issued_on"].to_numpy())),
            expires_on=as_day(np.where(again, renewed[rows] + TEN_YEARS, own["expires_on"].to_numpy())),
            status=picked(["正常", "注销"], own["withdrawn"].to_numpy()),
        ), city.shielded[person] | due.to_numpy()[rows])  # fmt: skip


def _titled(month: str, title: str, two_lines: bool = False) -> Form:
    return Form("xlsx", titles=(f"东湖市 {month[:4]} 年 {int(month[4:6])} 月{title}",), two_lines=two_lines)
