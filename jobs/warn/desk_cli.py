"""`citybrain warning`: what a commander or an officer does about warnings, from the list to the last word."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from jobs.home import ZONE, home
from jobs.screen import Screen
from schemas.contract import ContractFault
from schemas.life import load_life

LIFE = load_life()
STATES = "、".join(f"{words.zh} {state}" for state, words in LIFE.states.items())
VERDICTS = "、".join(f"{words.zh} {code}" for code, words in LIFE.verdicts.items())

app = typer.Typer(
    help="预警:查看、研判、派单、评价 · warnings: see them, decide, follow them to the end.\n\n"
    "编号写前几位即可,如 `citybrain warning show 3fa8` · the first characters of an id will do. "
    f"状态 · states: {STATES}。",
    no_args_is_help=True,
)
console = Screen(160, soft=True)

Id = Annotated[str, typer.Argument(help="预警编号的前几位 · the first characters of a warning's id")]
By = Annotated[str, typer.Option("--by", help="谁决定 · who decides; stays in the warning's history")]
Why = Annotated[str, typer.Option("--why", help="为什么 · the reason; stays in the warning's history")]


@app.command("list")
def list_warnings(
    state: Annotated[str | None, typer.Option(help=f"状态 · a state: {', '.join(LIFE.states)}, below_line")] = None,
    family: Annotated[str | None, typer.Option(help="预警种类,如 incident_surge · a family")] = None,
    level: Annotated[str | None, typer.Option(help="级别 · blue, yellow, orange or red")] = None,
    unit: Annotated[str | None, typer.Option(help="承办单位,写一部分即可 · part of the unit's name")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="含已了结、静默和线下的 · also ended, muted, below the line")
    ] = False,
) -> None:
    """待办的预警,由重到轻 · warnings at hand, worst first.

    例 · for example: citybrain warning list --level orange --unit 民政局
    """
    from jobs.warn.desk import as_table, listed

    found = listed(home(), state, family, level, unit, everything)
    if found:
        console.print(as_table(found))
    console.print(f"{len(found)} 条" + ("" if found or everything else ";含已了结的:citybrain warning list --all"))


@app.command()
def show(warning: Id) -> None:
    """一条预警的全部:何事何处、数值、置信、承办与期限、经过、依据 · everything about one warning."""
    from jobs.warn.desk import everything_about
    from jobs.warn.life import CannotMove, one_warning

    try:
        console.print(everything_about(home(), one_warning(home(), warning)))
    except CannotMove as fault:
        _stop(fault)


@app.command()
def rows(warning: Id) -> None:
    """预警所依据的原始行(发出时已复制,永远是这些)· the rows it rests on, copied when it was raised: the same for ever."""
    from jobs.warn.desk import rows_table
    from jobs.warn.life import CannotMove, evidence_of, one_warning

    try:
        found = evidence_of(home(), one_warning(home(), warning)["warning_id"])
    except CannotMove as fault:
        _stop(fault)
    else:
        console.print(rows_table(found))
        console.print(f"{len(found)} 行")


@app.command()
def move(
    warning: Id,
    state: Annotated[str, typer.Argument(help=f"变为 · to: {STATES}")],
    by: By,
    why: Why,
    verdict: Annotated[str | None, typer.Option(help=f"评价的结论 · of an evaluation: {VERDICTS}")] = None,
    into: Annotated[str | None, typer.Option(help="并入哪一条 · of a merging: the older warning's id")] = None,
) -> None:
    """把预警推进一步;不合规的会说明可以怎样 · move a warning one step; a refusal says what may follow.

    例 · for example: citybrain warning move 3fa8 evaluated --verdict false --by 王指挥 --why 现场无异常
    """
    from jobs.warn.life import CannotMove, Move, one_warning
    from jobs.warn.life import move as take_step

    if state not in LIFE.states:
        raise typer.BadParameter(
            f"没有状态 {state!r},可用 · there is no state {state!r}; known are {', '.join(LIFE.states)}"
        )
    try:
        now = one_warning(home(), warning)
        older = one_warning(home(), into)["warning_id"] if into else None
        wanted = Move(now["warning_id"], state, by, why, verdict=verdict, into_id=older, from_state=now["state"])
        done = take_step(home(), wanted)
    except CannotMove as fault:
        _stop(fault)
    else:
        console.print(
            f"{done.warning_id[:8]} {LIFE.states[done.from_state or 'new'].zh} → {LIFE.states[done.to_state].zh} · {done.from_state} -> {done.to_state}"
        )


@app.command()
def red(warning: Id, by: By, why: Why) -> None:
    """由人提为红色,机器从不自定 · call a warning red, which only a person does; it stops no payment and scores nobody."""
    from jobs.warn.life import CannotMove, raise_to_red

    try:
        done = raise_to_red(home(), warning, by, why)
    except CannotMove as fault:
        _stop(fault)
    else:
        console.print(f"{done.warning_id[:8]} 已提为红色 · is red")


@app.command()
def silence(
    what: Annotated[
        str, typer.Argument(metavar="FAMILY|GRID", help="预警种类,或网格(社区、街镇)编码 · a family, or an area's code")
    ],
    until: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%d %H:%M"], help="到何时为止 · its end, within 90 days")
    ],
    by: By,
    why: Why,
) -> None:
    """静默一类预警或一片区域,到期自动恢复;区域静默不含生命安全类 · mute a family or an area; it ends by itself.

    例 · for example: citybrain warning silence 330499001 --until 2026-07-03 --by 王指挥 --why 街道断网检修
    """
    from jobs.warn.silence import CannotSilence
    from jobs.warn.silence import silence as mute
    from schemas.warning_rule import load_rules

    families = [rule.family for rule in load_rules()]
    if not what.isdigit() and what not in families:
        raise typer.BadParameter(f"没有预警种类 {what!r},现有 · known families are {', '.join(families)}")
    try:
        made = mute(home(), what, until.replace(tzinfo=ZONE), by, why)
    except CannotSilence as fault:
        _stop(fault)
    else:
        console.print(
            f"{what} 静默至 · muted until {made.until_at:%Y-%m-%d %H:%M};下次 sweep 时生效 · from the next sweep on"
        )


@app.command()
def sweep() -> None:
    """收下部门反馈,再做时钟该做的:逾期升级、合并、静默与恢复、过期、重开;同一时刻再跑不会重复 · departments' answers, what the clock does, and the day's figures."""
    from jobs.warn.dispositions import take_answers
    from jobs.warn.feedback import measure, move_thresholds
    from jobs.warn.sweep import sweep as turn

    for answer in take_answers(home()):
        console.print(f"{answer.warning_id[:8]} {answer.unit} {LIFE.states[answer.step].zh} {answer.says_zh}")  # pyright: ignore[reportArgumentType]
    done = turn(home())
    for one in done:
        what = LIFE.states[one.to_state].zh if one.from_state != one.to_state else "升级"
        console.print(f"{one.warning_id[:8]} {what}:{one.why}")
    measure(home())
    for step in move_thresholds(home()):
        console.print(f"{step.family} 阈值 {step.before:g} → {step.after:g}:{step.why}")
    console.print(f"{len(done)} 条变动 · moves")


@app.command()
def deliver(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="只说会送什么,不送 · say what would go out, and send nothing")
    ] = False,
) -> None:
    """送到该办的单位:回传文件、网格清单,以及 delivery.yaml 写明的邮件和接口;生命安全随时送,其余每日一轮 · to the desks that must act.

    delivery.yaml 放在 CITYBRAIN_HOME · for example:

    desks: {公安局: {mail: [duty@example.cn], webhook: "https://example.cn/hook"}}
    """
    from jobs.warn.deliver import deliver as send

    try:
        made = send(home(), dry_run=dry_run)
    except ContractFault as fault:
        _stop(fault)
        return
    for one in made:
        outcome = "将送达" if dry_run else "已送达" if one.sent else "未送达"
        console.print(f"{one.warning_id[:8]} {outcome} {one.desk} [{one.channel}] {one.detail}", markup=False)
    console.print(f"{len(made)} 次 · attempts" if not dry_run else f"{len(made)} 条待送 · would go out")


def _stop(fault: Exception) -> None:
    console.wrong(fault)
    raise typer.Exit(1)
