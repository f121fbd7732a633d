"""What an operator is asked about a refused delivery, in Chinese: what was refused, why, and what each answer does. No value of a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.home import Home
from schemas.contract import Contract

if TYPE_CHECKING:  # it reads the ledger, and a DAG file that imports this one reads nothing
    from jobs.operate.undecided import Undecided

RELEASE, SEND_BACK = "通过放行", "退回"
WHY = "理由"
WHY_HELP = "为什么放行或退回。写入台账和给部门的回执,请勿填写个人信息。"


def subject(contract: Contract, case: Undecided) -> str:
    return f"{contract.owner.department} · {contract.title.zh} {case.period} 期未通过质量关,放行还是退回?"


def body(home: Home, contract: Contract, case: Undecided) -> str:
    """Markdown."""
    docs = home.data_docs / case.feed / f"{case.delivery_id}.html"
    receipt = home.returns / contract.owner.folder / f"{case.delivery_id}.html"
    facts = {
        "数据": f"{contract.owner.department} · {contract.title.zh}(`{case.feed}`)",
        "批次": f"`{case.delivery_id}`",
        "期": case.period,
        "送达": f"{case.received_at:%Y-%m-%d %H:%M}",
        "行数": f"{case.read_rows:,}",
        "质量报告": f"`{docs}`",
        "部门回执(逐项原因)": f"`{receipt}`",
        "部门联系人": contract.owner.contact,
    }
    return "\n".join([
        "**未通过的原因**", "", *(f"- {word}" for word in case.words), "",
        "| | |", "|---|---|", *(f"| {name} | {fact} |" for name, fact in facts.items()), "",
        f"- **{RELEASE}**:可信的行入库,其余各行留待部门补正。",
        f"- **{SEND_BACK}**:本批次不入库,请部门更正后以同名文件重新上传。", "",
        "两种决定都连同姓名和理由写入台账,部门会收到回执。同一期的新文件送达,或有人在命令行作出决定后,本问题自行关闭。",
    ])  # fmt: skip
