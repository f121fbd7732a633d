"""Why a row is held and how one was mended, in a department's own words."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.contract import Contract, compared

HELD = {
    "missing": "{column}为空(必填)",
    "code": "{column}不在约定的取值之内",
    "pattern": "{column}的写法不符合约定",
    "integer": "{column}不是整数",
    "number": "{column}不是数字",
    "money": "{column}不是金额",
    "date": "{column}不是有效的日期",
    "timestamp": "{column}不是有效的时间",
    "boolean": "{column}不是“是/否”",
    "resident_id": "{column}不是18位公民身份号码",
    "mobile": "{column}不是11位手机号码",
    "person_name": "{column}不是完整的姓名(有数字、括号、星号、乱码或丢字,字间有空格,或填的是“无”“某某”等字样)",
    "free_text": "{column}填的是“无”“不详”“同上”“测试”等字样,或文字已丢失(“锟斤拷”、连串问号)",
    "unreadable": "{column}填的是“同上”“测试”等字样,或文字已丢失(“锟斤拷”、连串问号)",
    "range": "{column}超出合理范围",
    "check_digit": "{column}的校验码不对,号码中有录错的数字",
    "id_birth_date": "{column}中的出生日期不存在",
    "duplicate_row": "与本文件中另一行完全相同,只保留第一行",
    "duplicate_key": "{column}与本文件中另一行相同,但内容不同,无法判断哪一行正确",
    "spreadsheet": "有长号码被表格软件改写成了1.1E+17这样的形式,请以文本格式重填",
    "dependency": "{column}与其他各行对不上:对应的其他列相同,这一列却不同",
    "reference": "{column}在对应的登记数据中查不到",
    "near_duplicate": "与本文件中另一行内容相同、编号不同,可能重复登记",
    "shape": "本行的列数与表头不一致,或引号、括号不完整",
}
REPAIRED = {
    "placeholder": "{column}填的是“无”“不详”等占位字样,按空值处理",
    "unseen_sign": "{column}中看不见的字符已去除",
    "full_width": "{column}的全角字符已转为半角",
    "date_form": "{column}的日期写法已统一",
    "excel_serial": "{column}的Excel日期序号已转为日期",
    "text_marker": "{column}前后的表格文本标记已去除",
    "year_last": "{column}的“月/日/年”写法已改为年在前(日大于12,月日不会认错)",
    "roc_year": "{column}的民国纪年已换成公元",
    "chinese_numerals": "{column}的汉字数字已改为阿拉伯数字",
    "epoch": "{column}的1970年起的秒数或毫秒数已换成时间",
    "time_zone": "{column}写明的时区已换算",
    "number_form": "{column}的千分位、单位、记账括号等已去除",
    "scale": "{column}的万、亿等已乘入数值",
    "degrees": "{column}的度分秒或方向字母已换成度",
    "mobile_form": "{column}的区号、空格、横线、附注已去除",
    "id_form": "{column}的空格、小写x等已规范",
    "letter_for_digit": "{column}中形近数字的字母(O、l等)已改为数字,由校验码或固定位数证实",
    "name_form": "{column}后的称呼已去除,间隔点已统一",
    "word_form": "{column}的写法已统一为约定的词(空格、标点、括号附注)",
    "code_form": "{column}中多余的小数点、横线或大小写已规范",
    "decoded": "{column}的乱码已按原编码还原",
    "markup": "{column}中的网页标记已去除",
    "id_15_to_18": "{column}的15位旧号码已升为18位",
    "spacing": "{column}中多余的空格已去除",
    "unit": "{column}中的单位已去除",
    "dominant": "{column}已按对应列相同的其他各行改正",
    "spelling": "{column}中的错字已按本文件的常见写法或约定的取值改正",
    "run_together": "{column}与相邻列写在了一起,已分开",
}


def say_held(contract: Contract, reason: str) -> str:
    """One held reason, 'rule:column', as a sentence for the department. A row rule speaks in the words of its contract."""
    rule, _, column = reason.partition(":")
    if rule == "row":
        return contract.rows[column].zh if column in contract.rows else column
    if rule == "duplicate_key":
        return HELD[rule].format(column="、".join(map(contract.title_of, contract.key)))
    return HELD[rule].format(column=contract.title_of(column))


def columns_of(contract: Contract, reason: str) -> Sequence[str]:
    """The columns that a held reason, 'rule:column', is about; of a row rule those it compares."""
    rule, _, column = reason.partition(":")
    if rule == "row":
        return compared(contract.rows[column].must) if column in contract.rows else []
    if rule == "duplicate_key":
        return contract.key
    return [column] if column else []


def say_repaired(contract: Contract, rule: str, column: str) -> str:
    return REPAIRED[rule].format(column=contract.title_of(column))
