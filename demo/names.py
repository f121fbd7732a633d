"""Words the city's names are made of: people, places, estates, employers."""

from __future__ import annotations

from itertools import product

import numpy as np

SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛"
    "叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔"
    "贺赖龚文"
)
MALE = (
    "伟强磊军勇杰涛斌超明刚平辉鹏华飞鑫波建国志峰浩宇俊凯亮健林德福生祥海东文龙成荣宏毅泽轩昊然博诚家"
    "梓子瑞阳安永世长根水金木春富贵"
)
FEMALE = (
    "芳娜敏静丽艳娟霞秀玲桂英兰凤洁梅琳云莲雪荣爱香莹颖琴燕红玉萍莉婷倩佳欣怡雨涵梦瑶诗雅思妍晓月美珍"
    "珠翠菊花巧春秋彩素惠淑"
)
TOWNS = {
    "东湖街道": ["湖滨社区", "望湖社区", "柳堤社区", "钟楼社区"],
    "南桥街道": ["南桥社区", "桂花社区", "石板社区", "文昌社区"],
    "西塘街道": ["西塘社区", "荷花社区", "米市社区", "塘湾社区"],
    "北港镇": ["港口社区", "渔港村", "盐仓村", "新港社区"],
}
ORDINALS = "一二三四五六七八"
ESTATE_HEADS = [
    "湖畔", "翠柳", "金桂", "银杏", "枫林", "紫藤", "听涛", "望岳", "澄湖", "碧水", "晨光", "永安", "和顺",
    "锦绣", "玉兰", "丹枫", "清河", "兰亭", "云栖", "松风", "梅园", "竹溪", "百合", "星河",
]  # fmt: skip
ESTATE_TAILS = ["花园", "新村", "家园", "公寓", "雅苑", "小区"]
EMPLOYERS = [
    "东湖机械厂", "南桥纺织有限公司", "西塘食品厂", "北港物流有限公司", "湖滨百货", "望湖酒店",
    "柳堤装饰工程公司", "钟楼药房", "桂花印染厂", "石板五金厂", "文昌书店", "荷花电子有限公司", "米市粮油公司",
    "塘湾水产合作社", "港口装卸公司", "渔港冷链公司", "盐仓建材厂", "新港船舶修造厂", "东湖公交公司",
    "东湖自来水公司", "东湖环境服务公司", "南桥第一小学", "西塘卫生院", "北港热电厂",
]  # fmt: skip
TRADES = [
    "机械厂", "纺织厂", "食品公司", "物流公司", "电子公司", "建材公司", "超市", "酒店", "装饰公司", "五金厂",
    "印刷厂", "服装厂", "化工厂", "汽修厂", "冷链公司",
]  # fmt: skip
_TOWN_SIGNS = "金银青白龙凤清长永安平洪云石", "塘桥港溪浦泾塔山河"
_VILLAGE_SIGNS = "杨柳榆槐松柏竹莲菱荻芦茶桑梓枣杏桃李梨枫樟榕", "家墩坝堰埭泽墅圩岭坪洲渡浜汇"


def town_names(dice: np.random.Generator, wanted: int) -> list[str]:
    """The four old towns, and as many new ones as it takes."""
    heads = ["".join(signs) for signs in product(*_TOWN_SIGNS)]
    dice.shuffle(heads)
    return [*TOWNS, *(head + ("街道" if n % 5 < 3 else "镇") for n, head in enumerate(heads))][:wanted]


def community_names(dice: np.random.Generator, towns: list[str], wanted: int) -> dict[str, list[str]]:
    """`wanted` communities a town, no name twice in the city."""
    heads = ["".join(signs) for signs in product(*_VILLAGE_SIGNS)]
    heads += ["新" + head[0] for head in heads[:: len(_VILLAGE_SIGNS[1])]]
    heads += [f"{a}{b}" for a in "东西南北上下大小" for b in _VILLAGE_SIGNS[0] + _VILLAGE_SIGNS[1]]
    fresh = iter(dice.permutation(heads))
    names = {}
    for town in towns:
        suffix = "村" if town.endswith("镇") else "社区"
        own = TOWNS.get(town, [])[:wanted]
        names[town] = own + [f"{next(fresh)}{suffix}" for _ in range(wanted - len(own))]
    return names


def estate_names(dice: np.random.Generator, wanted: int) -> list[str]:
    """Estates' names, no name twice: plain ones first, then with the developer's name before them."""
    plain = [head + tail for head in ESTATE_HEADS for tail in ESTATE_TAILS]
    dice.shuffle(plain)
    makers = ["".join(signs) for signs in product("恒万融绿中华建保信德宝金", "大科创城润远泰业地安邦隆")]
    return (plain + [maker + name for maker in dice.permutation(makers) for name in plain])[:wanted]


def employer_names(wanted: int) -> list[str]:
    """The 24 known employers, and more of their kind in a larger city."""
    more = ["".join(signs) + trade for signs in product(*_VILLAGE_SIGNS) for trade in TRADES]
    return (EMPLOYERS + more)[:wanted]
