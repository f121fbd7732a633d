"""人社局: pension payments as JSON lines from an interface, employment as monthly changes, enrolment as a packed table."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from demo.city import City
from demo.life.lives import contribution_bases, retirement_age
from demo.life.payments import pay_runs
from demo.periods import last_month_closed, monthly
from demo.sheet import Column, Form, Sheet
from demo.text import as_day, numbered, picked, table, where, written

FOLDER = "social_security"
PENSION = {
    "payment_no": Column("payNo", "key", required=True),
    "resident_id": Column("idNo", "id", required=True),
    "name": Column("name", "name", required=True),
    "pay_month": Column("payMonth", "month", required=True),
    "amount": Column("amount", "money", required=True, cell="number"),
    "paid_on": Column("payDate", "date", required=True),
}
JOB = {
    "record_no": Column("备案编号", "key", required=True),
    "resident_id": Column("身份证号", "id", required=True),
    "name": Column("姓名", "name", required=True),
    "employer": Column("用人单位", "text", required=True),
    "hired_on": Column("入职日期", "date", required=True),
    "left_on": Column("离职日期", "date"),
    "declared_on": Column("申报日期", "date", required=True),
}
ENROLMENT = {
    "enrolment_no": Column("参保编号", "key", required=True),
    "resident_id": Column("证件号码", "id", required=True),
    "name": Column("姓名", "name", required=True),
    "scheme": Column("险种", "word", required=True),
    "status": Column("参保状态", "word", required=True),
    "employer": Column("单位名称", "text"),
    "base": Column("缴费基数", "money"),
    "enrolled_on": Column("参保日期", "date", required=True),
}
SCHEMES = ["企业职工养老", "机关事业养老", "城乡居民养老", "城乡居民医保"]
PUBLIC = ("小学", "卫生院")
RESIDENT_SHARE, CHILD_SHARE = 0.06, 0.02  # of those without a job, and of children, who are on this department's list


def pensions(city: City) -> Iterator[Sheet]:
    for run in pay_runs(city.plan, city.lives, "pension_payment"):
        month = str(run.month)[:7].replace("-", "")
        size = len(run.persons)
        yield Sheet("pension_payment", FOLDER, f"yl_{month}.jsonl", Form("jsonl"), PENSION, table(
            payment_no=numbered(f"YL{month[2:]}", np.arange(1, size + 1), 6),
            resident_id=city.people.ids(run.persons),
            name=city.people.names(run.persons, run.feed),
            pay_month=picked([month], np.zeros(size)),
            amount=written(run.amounts, 1),
            paid_on=as_day(np.full(size, run.paid_on), "%Y%m%d"),
        ), city.shielded[run.persons])  # fmt: skip


def jobs(city: City) -> Iterator[Sheet]:
    """The first month's file is the stock as it stood at that month's end; later ones hold hires and leavers.

    Pensioners' records are guarded: a lost leaving date would turn an honest pensioner into a finding.
    """
    known = city.lives.jobs
    declared, left = known["declared_on"].to_numpy(), known["left_on"].to_numpy()
    for number, period in enumerate(monthly(city.plan)):
        fresh = period.holds(declared) | ((number == 0) & (declared < period.ends))
        rows = np.flatnonzero(fresh | period.holds(left + np.timedelta64(1, "D")))
        person = known["person"].to_numpy()[rows]
        gone = left[rows] < np.datetime64(period.last)
        guarded = city.shielded[person] | (city.lives.frame["pension"].to_numpy()[person] > 0)
        yield Sheet("employment", FOLDER, f"jy_{period.name}.csv", Form(), JOB, table(
            record_no=numbered("JY", rows + 1, 8),
            resident_id=city.people.ids(person),
            name=city.people.names(person, "employment"),
            employer=picked(city.lives.employers, known["employer"].to_numpy()[rows]),
            hired_on=as_day(known["hired_on"].to_numpy()[rows]),
            left_on=as_day(np.where(gone, left[rows], np.datetime64("NaT", "s"))),
            declared_on=as_day(declared[rows]),
        ), guarded)  # fmt: skip


def enrolments(city: City) -> Iterator[Sheet]:
    """Everybody's scheme at the end of the last month; of a long city of the last two."""
    for period in last_month_closed(city.plan)[-2 if city.plan.long else -1 :]:
        yield _enrolled(city, period.name, np.datetime64(period.last, "D"))


def _enrolled(city: City, name: str, day: np.datetime64) -> Sheet:
    frame, known = city.lives.frame, city.lives.jobs
    told = known[(known["declared_on"] <= day) & (frame["pension"].to_numpy()[known["person"]] == 0)]
    told = told.drop_duplicates("person", keep="last")
    employer, since, left = (
        np.full(len(frame), -1),
        np.full(len(frame), np.datetime64("NaT", "s")),
        np.zeros(len(frame), bool),
    )
    employer[told["person"]], since[told["person"]] = told["employer"], told["hired_on"]
    left[told["person"]] = told["left_on"] <= day
    lots, age = city.plan.lots("enrolled", np.arange(len(frame))), frame["age"].to_numpy()
    resident = (employer < 0) & (age >= 18) & (age < retirement_age(frame)) & (lots < RESIDENT_SHARE)
    child = (age < 18) & (age > 0) & (lots < CHILD_SHARE)
    alive = city.lives.alive(day) & city.people.rooted
    person = np.flatnonzero(alive & ((employer >= 0) | resident | child))
    public = np.array([name.endswith(PUBLIC) for name in city.lives.employers])
    scheme = np.select([child[person], employer[person] < 0], [3, 2], public[employer[person]].astype(int))
    grown = frame["birth"].to_numpy()[person].astype("datetime64[D]") + np.where(child[person], 60, 18 * 366)
    joined_on = np.where(np.isnat(since[person]), np.minimum(grown, day - 30), since[person].astype("datetime64[D]"))
    return Sheet("enrolment", FOLDER, f"cb_{name}.zip", Form("csv", "gb18030", newline="\r\n", packed=True), ENROLMENT, table(
        enrolment_no=numbered("CB", person + 1, 10),
        resident_id=city.people.ids(person),
        name=city.people.names(person),
        scheme=picked(SCHEMES, scheme),
        status=picked(["正常参保", "参保缴费", "暂停参保"], np.where(left[person], 2, (lots[person] * 1e4).astype(int) % 5 == 0)),
        employer=where(employer[person] < 0, "", picked([*city.lives.employers, ""], employer[person] % (len(city.lives.employers) + 1))),
        base=where(employer[person] < 0, "", written(contribution_bases(city.plan, person), 2)),
        enrolled_on=as_day(joined_on, "%Y%m%d"),
    ), city.shielded[person])  # fmt: skip
