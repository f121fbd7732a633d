"""Incidents that the police are called to, and the disputes they hand over to mediators."""

from __future__ import annotations

from demo.clock import Rhythm, hours_around
from demo.streams.stream import Recipe, Sort

INCIDENTS = Recipe("incidents", 450.0, {
    "traffic": Sort(0.22, Rhythm(hours_around((8, 1.2, 1.0), (18, 1.6, 1.1)), 0.85, 1.1, 0.5, 0.92), [
        "路口两车刮擦，无人受伤", "电动车与小客车相撞", "倒车碰撞，协商未果", "三车追尾，道路拥堵"]),
    "help": Sort(0.19, Rhythm(hours_around((10, 3, 1.0), (20, 2.5, 0.8)), 1.1, 1.15, 0.8), [
        "老人走失，请求查找", "钥匙锁在屋内，家中有小孩", "独居老人敲门无应答", "群众捡到手机一部"]),
    "dispute": Sort(0.20, Rhythm(hours_around((11, 3, 0.8), (20, 2.4, 1.2)), 1.15, 1.2, 0.6, swing=0.06), [
        "邻里因停车位争吵", "楼上漏水引发纠纷", "消费退款纠纷，双方情绪激动", "家庭成员争执"]),
    "noise": Sort(0.13, Rhythm(hours_around((22.5, 1.8, 1.6), (14, 2, 0.25), floor=0.06), 1.3, 1.35, 0.5, swing=0.2), [
        "广场舞音响声音过大", "夜间施工影响休息", "楼下烧烤店深夜喧哗", "邻居半夜唱歌"]),
    "vehicle_theft": Sort(0.10, Rhythm(hours_around((2.5, 2, 0.5), (8, 2, 1.0), (18, 2, 0.7)), 0.95, 0.9, 0.55), [
        "停放在楼下的电动车被盗", "车棚内电瓶车不见", "超市门口电动车被盗"]),
    "theft": Sort(0.07, Rhythm(hours_around((9, 2.5, 0.8), (3, 2, 0.5)), 1.0, 1.2, 0.7, swing=0.1, peak=12.5), [
        "家中财物被盗，门锁有撬痕", "菜场内手机被扒", "快递在门口被拿走"]),
    "fraud": Sort(0.06, Rhythm(hours_around((11, 2.5, 1.0), (16, 2.5, 1.0), floor=0.05), 0.8, 0.7, 0.4), [
        "冒充客服退款被骗", "刷单被骗", "冒充熟人借款", "虚假投资平台无法提现"]),
    "assault": Sort(0.03, Rhythm(hours_around((21, 2.5, 1.5), (0.5, 1.5, 0.6)), 1.3, 1.3, 0.6, swing=0.2), [
        "酒后发生打架，一人受伤", "因口角动手", "夜宵摊发生打斗"]),
})  # fmt: skip
OFFICE = hours_around((10, 1.5, 1.0), (15, 1.5, 0.8), floor=0.02)
AT_WORK = Rhythm(OFFICE, 0.35, 0.2, 0.3)
DISPUTES = Recipe("disputes", 26.0, {
    "neighbour": Sort(0.30, AT_WORK, ["楼上漏水，双方对赔偿有分歧", "楼道堆物引起争执", "空调外机位置争议"]),
    "family": Sort(0.18, AT_WORK, ["赡养老人意见不一", "夫妻争吵，要求调解", "遗产分割争议"]),
    "labour": Sort(0.12, Rhythm(OFFICE, 0.35, 0.2, 0.3, swing=0.35, peak=1), [
        "拖欠工资两个月", "解除合同补偿争议", "工伤待遇争议"]),
    "property": Sort(0.13, AT_WORK, ["物业费上涨引起不满", "公共收益去向不明", "停车位分配争议"]),
    "consumer": Sort(0.09, AT_WORK, ["预付卡退款纠纷", "装修质量纠纷"]),
    "land": Sort(0.03, AT_WORK, ["拆迁补偿面积有异议"]),
    "medical": Sort(0.02, AT_WORK, ["对治疗结果有异议"]),
    "debt": Sort(0.09, AT_WORK, ["民间借贷到期未还", "合伙账目不清"]),
    "other": Sort(0.04, AT_WORK, ["宠物伤人赔偿", "施工影响房屋"]),
})  # fmt: skip
