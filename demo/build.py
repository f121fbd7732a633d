"""Builds the city: lays it out, lets people live in it, plants what is to be found, writes what departments send."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from demo.conflicts import disagree
from demo.departments import civil_affairs, grid_centre, petitions, police, property, social_security
from demo.equipment import Estate, keep_estates
from demo.events import Planted, event_table, plant
from demo.files import write
from demo.grids import lay_out_grids
from demo.incidents import ordinary_incidents, surge_incidents, weekly_rates
from demo.lives import Lives, live
from demo.payments import payments
from demo.people import build_homes, settle
from demo.plan import Plan
from demo.sheet import Sheet
from demo.spoil import Spoiled, noise_table, spoil

TRAITS = [  # what a department's system always does; reading it is no repair of a wrong value
    ("petition", "petition_no", "数字存成浮点"),
    ("petition", "against", "数字存成浮点"),
    ("petition", "likes", "数字存成浮点"),
    ("petition", "filed_at", "一半为日期单元格，一半为文本"),
    ("petition", "content", "正文前后有换行和制表符"),
    ("death", "died_on", "日期单元格"),
]


@dataclass
class City:
    plan: Plan
    grids: pd.DataFrame
    lives: Lives
    incidents: pd.DataFrame
    estates: Estate
    buildings: pd.DataFrame
    paid: pd.DataFrame
    planted: Planted


def build(plan: Plan) -> tuple[list[Spoiled], dict[str, pd.DataFrame]]:
    """The departments' sheets with their noise, and the truth: events, conflicts, noise, deliveries, traits."""
    city = raise_city(plan)
    sheets = extracts(city)
    events = event_table(plan, city.grids, city.lives, city.planted, city.paid, city.estates)
    conflicts = [] if plan.quiet else disagree(plan, sheets, events["resident_id"].tolist())
    bad_file = "" if plan.quiet or not plan.noise else bad_delivery(plan)
    spoiled = spoil(plan, sheets, bad_file)
    return spoiled, {
        "events": events,
        "conflicts": pd.DataFrame(
            conflicts, columns=["resident_id", "attribute", "feed_a", "value_a", "feed_b", "value_b"]
        ),
        "noise": pd.DataFrame(noise_table(spoiled), columns=NOISE_COLUMNS),
        "deliveries": pd.DataFrame([(bad_file, "refuse")] if bad_file else [], columns=["file", "expect"]),
        "traits": pd.DataFrame(TRAITS, columns=["feed", "column", "trait"]),
    }


NOISE_COLUMNS = ["noise_id", "feed", "file", "row_no", "key", "column", "kind", "sent", "clean", "expect"]


def raise_city(plan: Plan) -> City:
    grids = lay_out_grids(plan)
    homes = build_homes(plan, grids)
    lives = live(plan, settle(plan, grids, homes))
    rates = weekly_rates(plan, grids)
    planted = plant(plan, rates, lives)
    happened = [ordinary_incidents(plan, grids, rates), surge_incidents(plan, planted.surges)]
    incidents = pd.concat([part for part in happened if len(part)], ignore_index=True)
    estates = keep_estates(plan, homes.buildings, lives.people)
    return City(plan, grids, lives, incidents, estates, homes.buildings, payments(plan, lives), planted)


def extracts(city: City) -> list[Sheet]:
    """What each department sends, clean."""
    plan, grids, lives, planted = city.plan, city.grids, city.lives, city.planted
    shielded = [*planted.paid_dead, *planted.employed]
    return [
        grid_centre.grid_sheet(plan, grids),
        police.household_register(plan, grids, lives, planted.paid_dead),
        *police.incident_sheets(plan, grids, lives, city.incidents, planted.surges),
        *civil_affairs.benefit_sheets(plan, grids, lives, city.paid, shielded),
        *civil_affairs.death_sheets(plan, lives, shielded),
        *social_security.pension_sheets(lives, city.paid, shielded),
        *social_security.employment_sheets(plan, lives),
        *property.inspection_sheets(plan, grids, city.estates),
        *property.repair_sheets(plan, grids, city.estates),
        *petitions.petition_sheets(plan, city.buildings),
    ]


def bad_delivery(plan: Plan) -> str:
    """The weekly repair file that goes wrong: about six weeks back, beyond the 30 days that warnings look at."""
    weeks = property.ticket_weeks(plan)
    return f"bx_{weeks[-7][1]:%Y%m%d}.csv"


def write_city(spoiled: list[Spoiled], truth: dict[str, pd.DataFrame], out: Path, truth_dir: Path) -> int:
    """Write all files, replacing files of the same name. Returns how many bytes the departments send."""
    size = 0
    for one in spoiled:
        path = out / one.sheet.folder / one.sheet.file_name
        path.parent.mkdir(parents=True, exist_ok=True)
        size += path.write_bytes(write(one.sheet, one.records))
    truth_dir.mkdir(parents=True, exist_ok=True)
    for name, table in truth.items():
        (truth_dir / f"{name}.csv").write_text(table.to_csv(index=False, lineterminator="\n"), encoding="utf-8")
    return size
