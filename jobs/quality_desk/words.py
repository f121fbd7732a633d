"""What is odd about a unit's figure, in one plain sentence for the people of the quality desk."""

from __future__ import annotations

from quality.integrity.finding import Finding
from schemas.contract import Contract

CLOSING = "请人工核实,不作处罚依据。"


def title(contract: Contract, column: str) -> str:
    """What a department calls a column, in Chinese where any of its headers is."""
    aliases = contract.columns[column].aliases
    return next((alias for alias in aliases if not alias.isascii()), aliases[0])


def say(unit: str, figure: str, span: str, found: list[Finding]) -> str:
    """unit: its name or pseudonym; figure: its title; span: the days looked at. CLOSING always ends it."""
    return f"{unit}的“{figure}”({span}):{';'.join(_odd(finding) for finding in found)}。{CLOSING}"


def _odd(finding: Finding) -> str:
    effect = finding.effect or 0.0
    return {
        "first_digits": f"首位数字偏离本福特分布,平均差 {effect:.1%}",
        "terminal_digits": "末位数字(0、5 除外)分布不匀",
        "too_round": f"以 0 或 5 结尾的占 {0.2 + effect:.0%},通常约 20%",
        "too_smooth": f"每天的数量过于平稳,波动只有随机情形的 {max(0.0, 1 - effect):.0%}",
        "copied_blocks": f"连续 {effect:.0f} 个数与此前另一段逐个相同",
        "same_again": f"与前一个完全相同的数是应有的 {1 + effect:.1f} 倍",
        "too_few_repeats": f"相邻两数末位相同的只有应有的 {max(0.0, 1 - effect):.0%}",
        "repeated_figures": f"重复出现的数比应有的多 {effect:.0%}",
        "shared_figures": f"与另一单位相同的数比应有的多 {effect:.0%}",
        "before_deadline": f"时限前最后一段办结的密度是此前的 {2.718281828**effect:.0f} 倍",
        "same_lag": f"临期办结的有 {effect:.0%} 落在时限前同一分钟",
    }[finding.test]
