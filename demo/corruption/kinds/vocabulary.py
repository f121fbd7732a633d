"""Words from a list that are not in the list, and words that stand for nothing."""

from __future__ import annotations

from demo.corruption.kind import Company, Dice, Row, cell, columns

PLACEHOLDERS = ["无", "不详", "—", "N/A", "暂无", "null", "/"]
MORE_PLACEHOLDERS = [
    "未知",
    "NULL",
    "None",
    "nan",
    "NaN",
    "#N/A",
    "-",
    "--",
    "空",
    "未填",
    "不清楚",
    "(null)",
    "。",
    "\\N",
]
UNKNOWN_WORDS = ["未分类", "待核实", "99", "？？", "测试"]
SYNONYMS = {"盗窃": "偷东西", "诈骗": "被骗", "纠纷": "矛盾", "低保": "吃低保", "求助": "帮忙", "事故": "碰撞", "噪音": "吵闹",
            "扰民": "打扰居民", "电梯": "升降机", "消防": "防火", "合格": "通过", "已办结": "搞定", "处理中": "在办",
            "待处理": "没办", "男": "先生", "女": "女士", "特困": "五保", "高龄": "老年", "残疾": "残障"}  # fmt: skip
ALIKE = ["已己巳", "未末", "帐账", "象像", "作做", "拆折", "抢枪", "窃切", "诈炸", "骗偏", "纷份", "殴欧", "交文", "求来", "助肋",
         "保宝", "困因", "供共", "龄玲", "贴帖", "格各", "复夏", "梯悌", "办为", "结洁", "处外", "理里", "中忠", "水永", "维唯",
         "修休", "备各", "公工", "区匚", "域城", "其期", "他她", "噪澡", "音间", "民名", "事亊", "故古", "车东", "电申"]  # fmt: skip


@cell("form", "占位词", "mobile date stamp number word grid", "repair", "占位词就是没填", where="optional", loses=True,
      demo=True)  # fmt: skip
def placeholder(dice: Dice, text: str, role: str) -> str | None:
    return str(dice.choice(PLACEHOLDERS))


@cell("form", "别样占位词", "mobile date stamp month number money word grid text", "repair", "系统或人写的没有，等于没填",
      where="optional", loses=True)  # fmt: skip
def other_placeholder(dice: Dice, text: str, role: str) -> str | None:
    return str(dice.choice(MORE_PLACEHOLDERS))


@cell("value", "必填处占位", "id name date stamp month money word grid text key", "hold", "必填项其实没有值",
      where="required", loses=True)  # fmt: skip
def placeholder_where_required(dice: Dice, text: str, role: str) -> str | None:
    return str(dice.choice(PLACEHOLDERS + MORE_PLACEHOLDERS))


@cell("value", "星号遮盖", "word date stamp money text", "hold", "遮住的值不知", optional="either", loses=True)
def starred(dice: Dice, text: str, role: str) -> str | None:
    return "*" * int(dice.integers(3, 7)) if text else None


@cell("value", "测试字样", "name text word", "hold", "不是真实业务的值", loses=True)
def test_word(dice: Dice, text: str, role: str) -> str | None:
    return str(dice.choice(["测试", "test", "测试1", "asdf", "123"])) if text else None


@columns("value", "同上", "either", "上一行的值多半就是，但行序一变就错")
def same_as_above(dice: Dice, row: Row, company: Company) -> dict[str, str] | None:
    """Only where the row above says the same."""
    above = company.above()
    same = [name for name, text in row.cells.items() if above and text and above.cells[name] == text]
    return {str(dice.choice(same)): str(dice.choice(["同上", "〃", "″", "上同"]))} if same else None


@cell("value", "未知代码", "word", "hold", "清单里没有这个词", demo=True)
def unknown_word(dice: Dice, text: str, role: str) -> str | None:
    return str(dice.choice(UNKNOWN_WORDS)) if text else None


@cell("value", "清单外同义词", "word", "either", "意思多半认得，但要有人认定")
def synonym(dice: Dice, text: str, role: str) -> str | None:
    for known, other in SYNONYMS.items():
        if known in text:
            return text.replace(known, other)
    return None


@cell("value", "词写成代码", "word", "either", "有对照表才知代码指哪个词")
def word_as_code(dice: Dice, text: str, role: str) -> str | None:
    return f"{dice.integers(1, 20):0{dice.integers(1, 4)}d}" if text else None


@cell("value", "词形近误", "word", "either", "清单里只有一个词与它差一个字时可以认")
def word_alike(dice: Dice, text: str, role: str) -> str | None:
    for group in ALIKE:
        for sign in text:
            if sign in group:
                return text.replace(sign, str(dice.choice([one for one in group if one != sign])), 1)
    return None


@cell("value", "词倒字", "word", "either", "清单里只有一个词由这些字组成时可以认")
def word_turned(dice: Dice, text: str, role: str) -> str | None:
    at = int(dice.integers(0, max(1, len(text) - 1)))
    return text[:at] + text[at : at + 2][::-1] + text[at + 2 :]


@cell("form", "词带附注", "word", "repair", "括号外仍是清单里的词")
def word_with_note(dice: Dice, text: str, role: str) -> str | None:
    return text + str(dice.choice(["（待核）", "(已处理)", "（见附件）", "（2026年起）"])) if text else None


@cell("form", "词内空格", "word", "repair", "字间空格只为对齐")
def word_spaced(dice: Dice, text: str, role: str) -> str | None:
    return str(dice.choice([" ", "\u3000"])).join(text) if len(text) == 2 else None


@columns("value", "一格两个词", "hold", "不知该算哪一个")
def two_words(dice: Dice, row: Row, company: Company) -> dict[str, str] | None:
    """The other word comes from another row of the same column."""
    fit = [name for name, role in row.roles.items() if role == "word"
           and row.cells[name] and company.other.cells[name] not in ("", row.cells[name])]  # fmt: skip
    if not fit:
        return None
    name = str(dice.choice(fit))
    return {name: f"{row.cells[name]}{dice.choice(['、', '/', ',', '；', '和'])}{company.other.cells[name]}"}
