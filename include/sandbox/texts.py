"""What customers write and agents answer, in English and Chinese."""

from dataclasses import dataclass

from include.sandbox.catalog import (
    ACCOUNTS_GROUP,
    BILLING_GROUP,
    ORDERS_GROUP,
    SELLER,
    TECHNICAL_GROUP,
)  # fmt: skip
from include.sandbox.dice import Dice
from include.sandbox.names import typo


@dataclass(frozen=True)
class Intent:
    key: str
    group: int
    weight: int
    urgency: int  # 0 low … 3 urgent, the most usual one
    rounds: float  # how much back and forth it takes, 1 = usual
    subjects: tuple[str, ...]
    bodies: tuple[str, ...]
    answers: tuple[str, ...]
    subjects_zh: tuple[str, ...]
    bodies_zh: tuple[str, ...]
    answers_zh: tuple[str, ...]
    in_scope: bool = True


INTENTS = (
    Intent("order_status", ORDERS_GROUP, 14, 1, 0.6,
        ("Where is my order?", "Order {order}", "Status of {order}", "Any news on our {product}s?", "Tracking"),
        ("Could you tell me where order {order} is right now?",
         "We ordered {product} a while ago ({order}) and have not heard anything since. When will it ship?",
         "Please send me the tracking number for {order}.",
         "What is the status of our order {order}? Our facilities team needs a date.",
         "Has {order} left the warehouse yet?",
         "I can't find any shipping information for {order} in the portal. Can you check?"),
        ("Order {order} has left our warehouse and should be with you within three working days.",
         "I checked with the warehouse: {order} is packed and goes out tomorrow. A tracking link will follow."),
        ("订单 {order} 到哪里了", "查询订单状态", "什么时候发货"),
        ("请问订单 {order} 现在是什么状态?", "我们订的{product_zh}什么时候能发货?订单号 {order}。",
         "麻烦发一下 {order} 的物流单号,谢谢。", "订单 {order} 一直没有更新,请帮忙查一下进度。"),
        ("订单 {order} 已从仓库发出,预计三个工作日内送达。",
         "已为您核实,{order} 明天发出,物流单号会发到您的邮箱。")),
    Intent("delivery_late", ORDERS_GROUP, 10, 2, 1.0,
        ("Delivery is late", "Still waiting for {order}", "Late delivery of {product}",
         "Delivery date missed again"),
        ("Order {order} was due last week and still has not arrived.",
         "The delivery of our {product} is now {days} days late. This is holding up our office move.",
         "You promised {order} by Friday. It is not here. What is going on?",
         "Our {product} delivery did not turn up today, nobody called us either.",
         "The carrier missed the agreed slot for {order}. When will they come?"),
        ("I am sorry for the delay. The carrier has {order} on the road now and will call you for a slot.",
         "Apologies: {order} was held at the depot. I have upgraded it to express at no cost."),
        ("货还没到", "订单 {order} 延误", "交货延期"),
        ("订单 {order} 本来上周就该到了,到现在还没收到。", "{product_zh}已经晚了{days}天,影响我们搬办公室了。",
         "说好周五送到的 {order} 还没来,请尽快处理。"),
        ("非常抱歉给您带来不便,{order} 已在派送途中,司机会与您联系。",
         "抱歉,{order} 在中转站滞留,已为您免费升级加急。")),
    Intent("damaged_item", ORDERS_GROUP, 8, 2, 1.4,
        ("Damaged on arrival", "{product} arrived broken", "Scratched {product}", "Broken part in {order}"),
        ("One of the {product}s in order {order} arrived with a cracked frame.",
         "The box was crushed and the {product} inside is scratched all over. I can send photos.",
         "We unpacked {order} this morning: two pieces are damaged. We need replacements.",
         "The {product} has a big dent on the left side. This is not acceptable for a new item.",
         "A part of the {product} is broken, it looks like it was dropped in transit."),
        ("I am sorry to hear that. Could you send two photos and the label on the box? I will arrange a replacement.",
         "A replacement for the damaged piece is on its way, the driver will take the old one back."),
        ("收到的货有破损", "{product_zh}损坏", "到货破损要求换货"),
        ("订单 {order} 里有一台{product_zh}外壳裂了。", "箱子被压坏了,里面的{product_zh}有划痕,可以发照片。",
         "今天拆箱发现两件损坏,请安排换货,订单号 {order}。"),
        ("很抱歉,请您提供两张照片和外箱标签,我们马上安排换货。", "已安排补发,司机送货时会取回损坏的商品。")),
    Intent("wrong_item", ORDERS_GROUP, 4, 2, 1.1,
        ("Wrong item delivered", "Not what we ordered", "{order}: wrong colour"),
        ("We ordered {product} but received something else in {order}.",
         "The colour of the {product} is wrong, we asked for oak and got white.",
         "{order} is two pieces short and contains one item that we never ordered."),
        ("Sorry for the mix-up. We will collect the wrong piece and send the right one this week.",),
        ("发错货了", "收到的商品不对"),
        ("我们订的是{product_zh},收到的却是别的东西,订单 {order}。", "{order} 的颜色发错了,我们要的是橡木色。"),
        ("抱歉发错了货,本周内为您换货。",)),
    Intent("invoice_copy", BILLING_GROUP, 9, 0, 0.5,
        ("Invoice copy", "Invoice for {order}", "Need an invoice", "Missing invoice", "VAT invoice please"),
        ("Please send me a copy of the invoice for {order}.",
         "Our accounts department did not get the invoice for {order}. Can you resend it?",
         "I need a VAT invoice for the {product} we bought, order {order}.",
         "Could you forward the PDF invoice of last month to {email}?",
         "We are closing our books and the bill for {order} is missing."),
        ("Please find the invoice for {order} attached.", "I have just sent the invoice again to {email}."),
        ("补发发票", "订单 {order} 的发票", "需要增值税发票"),
        ("麻烦把订单 {order} 的发票再发一份。", "财务没有收到 {order} 的发票,请补发到 {email}。",
         "请开一张{product_zh}的增值税专用发票,订单 {order}。"),
        ("发票已附上,请查收。", "已重新发送到 {email}。")),
    Intent("refund", BILLING_GROUP, 7, 2, 1.3,
        ("Refund request", "Money back for {order}", "When do I get my refund?", "Return and refund"),
        ("We sent the {product} back two weeks ago and still have no refund.",
         "I would like to return {order} and get my money back.",
         "Please refund {order}, we cancelled it before it shipped.",
         "You have not refunded the {amount} yet. Our finance team is asking.",
         "How long does a refund take? It is about order {order}."),
        ("The refund for {order} has been released, it takes three to five working days to reach you.",
         "I have started the refund. You will see it on the card that you paid with."),
        ("申请退款", "订单 {order} 退款", "退款什么时候到账"),
        ("{product_zh}已经退回两周了,退款还没到账。", "我想退掉订单 {order},请退款。",
         "{order} 发货前就取消了,请尽快退款。"),
        ("{order} 的退款已处理,三到五个工作日到账。", "退款已提交,会原路退回。")),
    Intent("charged_twice", BILLING_GROUP, 4, 2, 1.0,
        ("Charged twice", "Double payment", "Wrong amount on our card"),
        ("Our card was charged twice for {order}.",
         "I see two payments of {amount} on our statement but we only ordered once.",
         "The amount you took for {order} is higher than on the quote."),
        ("Thank you for telling us. The second charge is only a reservation and drops off within two days.",
         "You are right, that was charged twice. The second payment is on its way back."),
        ("重复扣款", "扣了两次钱"),
        ("订单 {order} 扣了两次款,请核实。", "账单上有两笔 {amount},但我们只下了一单。"),
        ("您说得对,确实重复扣款,已为您退回。",)),
    Intent("payment_method", BILLING_GROUP, 4, 0, 0.6,
        ("Change payment method", "New credit card", "Can we pay by bank transfer?"),
        ("How do I replace the credit card on our account?", "Can we switch to paying by invoice instead of card?",
         "Our card expires next month, where can I enter the new one?"),
        ("You can enter a new card under Account > Billing > Payment methods.",),
        ("更换付款方式", "可以对公转账吗"),
        ("请问怎么更换账户绑定的信用卡?", "可以改成对公转账付款吗?"),
        ("您可以在账户 > 账单 > 付款方式中修改。",)),
    Intent("reset_password", TECHNICAL_GROUP, 10, 1, 0.4,
        ("Password reset", "Can't log in", "Reset link does not work", "Locked out of Roomly"),
        ("I forgot my password and the reset e-mail never arrives.",
         "The reset link says it has expired. Can you send a new one to {email}?",
         "I can't log in to Roomly any more, it says wrong password.",
         "My account is locked after too many attempts. Please unlock it.",
         "How do I reset my password?"),
        ("I have sent a new reset link to {email}, it is valid for one hour.",
         "Your account is unlocked, please choose a new password with the link I just sent."),
        ("忘记密码", "无法登录", "重置密码邮件收不到"),
        ("忘记密码了,重置邮件一直收不到。", "重置链接显示已过期,请重新发到 {email}。",
         "登录不了,提示密码错误,账号被锁了。"),
        ("已重新发送重置链接到 {email},一小时内有效。", "账号已解锁,请用刚发送的链接设置新密码。")),
    Intent("technical_problem", TECHNICAL_GROUP, 9, 2, 1.7,
        ("{product} not working", "{product} keeps disconnecting", "Error on the display", "{product} offline"),
        ("Since this morning the {product} does not switch on any more.",
         "Our {product} loses its connection every few minutes. We restarted it twice.",
         "The screen shows error E{code} and nothing else.",
         "After the last update the {product} is very slow and sometimes freezes.",
         "All our rooms show as offline although the network is fine."),
        ("Could you tell me the serial number and the firmware version? Then I can look at the logs.",
         "Please hold the power button for ten seconds. If the error stays, we will swap the unit."),
        ("{product_zh}无法使用", "{product_zh}频繁掉线", "设备报错"),
        ("今天早上开始{product_zh}就开不了机。", "{product_zh}每隔几分钟就断线,重启过两次也没用。",
         "屏幕显示错误 E{code},怎么办?"),
        ("请提供序列号和固件版本,我来查看日志。", "请长按电源键十秒,如仍报错我们会为您更换。")),
    Intent("setup_help", TECHNICAL_GROUP, 6, 1, 1.1,
        ("Setting up {product}", "How to install {product}?", "Connecting {product} to our calendar"),
        ("How do we connect the {product} to our Outlook calendar?",
         "We need help setting up {product}, the manual is not clear.",
         "Is there a guide for mounting the {product} on a glass wall?",
         "Which network ports does {product} need?"),
        ("Here is the guide, step four covers exactly that. I am happy to call you if it does not help.",),
        ("{product_zh}安装问题", "如何设置{product_zh}"),
        ("{product_zh}怎么和日历同步?", "说明书看不懂,需要协助安装{product_zh}。"),
        ("安装指南已附上,第四步有说明,如有问题可以电话协助。",)),
    Intent("data_export", TECHNICAL_GROUP, 3, 0, 0.9,
        ("Export our data", "CSV export from Roomly", "Booking history export"),
        ("How can I export all our bookings as CSV?", "We need an export of our data for an audit.",
         "Is there an API to get the usage figures out of Roomly?"),
        ("You find the export under Reports > Export; choose CSV and the period.",),
        ("导出数据", "怎么导出预订记录"),
        ("怎么把所有预订记录导出成CSV?", "审计需要,请帮我们导出全部数据。"),
        ("在 报表 > 导出 中选择CSV和时间段即可。",)),
    Intent("change_address", ACCOUNTS_GROUP, 6, 1, 0.5,
        ("Change of address", "New delivery address", "We are moving", "Update address for {order}"),
        ("We are moving to a new office, please change our delivery address.",
         "Can you still change the delivery address of {order}?",
         "Our billing address has changed. Where can I update it?",
         "Please deliver {order} to our new site instead, address below."),
        ("Done: the new address is in your account and on {order}.",
         "You can change it under Account > Addresses. For {order} I have changed it for you."),
        ("修改收货地址", "地址变更", "我们要搬家了"),
        ("我们搬办公室了,请修改收货地址。", "订单 {order} 还能改地址吗?", "开票地址变了,在哪里修改?"),
        ("已为您更新地址,{order} 也已同步修改。",)),
    Intent("cancel_subscription", ACCOUNTS_GROUP, 5, 2, 1.2,
        ("Cancel our subscription", "Cancellation", "End of Roomly contract"),
        ("We want to cancel our Roomly subscription at the end of the term.",
         "Please cancel our plan. We no longer need it.",
         "How do I end the subscription before it renews next month?",
         "I would like to terminate our contract, please confirm in writing."),
        ("I am sorry to see you go. Your subscription ends with the current term, a confirmation follows.",
         "I can do that. May I ask what made you decide, and whether a smaller plan would help?"),
        ("取消订阅", "终止合同"),
        ("我们想在到期后取消会议室预订的订阅。", "请帮我们取消套餐,不再需要了。", "下个月自动续费前怎么取消?"),
        ("您的订阅将在本期结束后终止,稍后发送确认。",)),
    Intent("upgrade_plan", ACCOUNTS_GROUP, 5, 1, 0.9,
        ("Upgrade our plan", "More seats", "Roomly Enterprise", "Adding users"),
        ("We would like to upgrade from Team to Enterprise. What does it cost?",
         "Can we add {days} more rooms to our plan?",
         "How do I upgrade our subscription, and is the difference prorated?"),
        ("Happy to help: the difference is prorated to the day. Shall I switch you over today?",),
        ("升级套餐", "增加用户数"),
        ("想从团队版升级到企业版,价格是多少?", "可以再增加{days}个会议室吗?"),
        ("升级差价按天计算,需要今天为您办理吗?",)),
    Intent("warranty", ORDERS_GROUP, 4, 1, 1.0,
        ("Warranty question", "Is {product} still under warranty?", "Warranty claim"),
        ("How long is the warranty on the {product}?",
         "The gas spring of our {product} is worn out. Is that covered?",
         "We bought {product} with {order}. Is it still under warranty?"),
        ("The warranty runs five years from delivery, so you are covered. I will send the spare part.",),
        ("保修问题", "{product_zh}还在保修期吗"),
        ("{product_zh}保修多久?", "订单 {order} 的{product_zh}还在保修期内吗?"),
        ("保修期为交货后五年,您仍在保修期内,配件会寄给您。",)),
    Intent("quote_request", ACCOUNTS_GROUP, 4, 1, 0.8,
        ("Quote for {product}", "Price for {days} {product}s", "Volume discount?"),
        ("Could you quote us {days} pieces of {product}, delivered in March?",
         "Do you give a discount for larger orders of {product}?",
         "We need a formal quote for {product} by the end of the week."),
        ("I have passed this to your account manager, you will have the quote tomorrow.",),
        ("{product_zh}报价", "批量采购优惠"),
        ("请给我们报价{days}台{product_zh}。", "批量采购{product_zh}有折扣吗?"),
        ("已转给您的客户经理,明天给您报价。",)),
    Intent("complaint", ACCOUNTS_GROUP, 3, 3, 1.6,
        ("Complaint", "Very disappointed", "This is the third time I write"),
        ("I have written three times now and nobody gives me a straight answer.",
         "Your service used to be better. I want to speak to a manager.",
         "We are losing patience with {SELLER}. Please call me today."),
        ("I am sorry, that is not the service we want to give. I take this on myself and will call you today.",),
        ("投诉", "非常失望"),
        ("已经写了三次邮件,没有人给我明确答复。", "服务太差了,请让经理联系我。"),
        ("非常抱歉,我会亲自跟进,今天给您回电。",)),
    Intent("out_of_scope", ACCOUNTS_GROUP, 7, 0, 0.3,
        ("Grow your traffic", "Out of office", "Job application", "Thank you!", "Lunch on Thursday?", "Fwd: parking",
         "Quick question"),
        ("We help companies like yours rank first in search results. Do you have ten minutes this week?",
         "I am out of the office until Monday and will read my e-mail then.",
         "Hi, are you hiring interns for the summer?",
         "Just wanted to say thanks, the team was great last week!",
         "Is anybody joining for lunch on Thursday? The new ramen place is open.",
         "Please see the parking rules for the building below.",
         "Do you know a good plumber in the area?"),
        ("Thank you for your message. This is the support desk, so I am closing this request.",),
        ("合作咨询", "自动回复:休假中", "实习申请", "感谢"),
        ("我司提供网站推广服务,有兴趣了解一下吗?", "我正在休假,周一回复邮件。", "请问贵公司招实习生吗?",
         "谢谢你们,上周的服务很棒!"),
        ("感谢来信,这里是客服邮箱,此请求将关闭。",), in_scope=False),
)  # fmt: skip

GREETINGS = ("Hi,", "Hello,", "Hi there,", "Dear team,", "Good morning,", "Hey,", "Dear Sir or Madam,", "", "")
GREETINGS_ZH = ("您好,", "你好,", "您好:", "", "客服您好,")
PADDING = ("", "", "", "Thanks for looking into this.", "It is rather urgent for us.",
           "We have been a customer for years.",
           "Please get back to me today if you can.", "I tried the phone line first but nobody picked up.",
           "Let me know if you need anything else from me.", "My colleague already asked last week.")  # fmt: skip
PADDING_ZH = ("", "", "", "请尽快回复。", "我们比较着急。", "麻烦了。", "电话一直打不通。", "需要其他信息请告诉我。")
CLOSINGS = ("Best regards,", "Thanks,", "Kind regards,", "Cheers,", "Many thanks", "Best,")
CLOSINGS_ZH = ("谢谢!", "此致", "祝好", "谢谢,")
FOLLOW_UPS = ("Thanks. It still does not look right on our side, could you check again?", "Any update on this?",
              "That helped a bit, but what about the rest?",
              "Please see the details you asked for: serial FW{code}{days}.",
              "Sorry, I was out. Yes, please go ahead.", "I sent the photos yesterday, did you get them?",
              "We are still waiting.",
              "Great, thank you! One more thing: can you confirm it by e-mail?")  # fmt: skip
FOLLOW_UPS_ZH = ("谢谢,但我们这边还是有问题,能再看一下吗?", "请问有进展吗?", "照片昨天已经发了,收到了吗?",
                 "好的,请继续处理。",
                 "还在等待中。", "您要的信息:序列号 FW{code}{days}。")  # fmt: skip
FURTHER = ("Thank you for the details, I have passed them on and will be back to you shortly.",
           "I checked again: it should be fine now, could you try once more?",
           "Our colleagues in the warehouse confirmed it this morning.",
           "You are welcome! I have noted it on your account.")  # fmt: skip
FURTHER_ZH = (
    "感谢提供信息,我们会尽快处理。",
    "已再次核实,现在应该正常了,请再试一次。",
    "仓库同事今天上午已确认。",
    "不客气,已为您备注。",
)
NOTES = ("Asked the warehouse, waiting for an answer.", "Customer called as well, very unhappy.",
         "Same as last week's case.",
         "Checked the order in the back office: all fine on our side.",
         "@team can somebody from Billing look at this?",
         "Refund approved by finance.", "Serial number is in warranty until next year.")  # fmt: skip
REOPENERS = ("Sorry to come back to this, but it happened again.", "This is not solved yet.",
             "The problem is back since this morning.")  # fmt: skip
REOPENERS_ZH = ("不好意思,问题又出现了。", "还没有解决。")
RATED_GOOD = (
    "Quick and friendly, thank you!",
    "Solved right away.",
    "Great service",
    "服务很好",
    "回复很快,谢谢",
    "Perfect",
    "",
)
RATED_BAD = ("Took far too long.", "Still not solved.", "I had to ask three times.", "回复太慢了", "问题没有解决", "")


def request_text(dice: Dice, intent: Intent, chinese: bool, facts: dict[str, str]) -> tuple[str, str]:
    """(subject, body) of a new request."""
    if chinese:
        subject, said = _topic(dice, intent.in_scope, intent.subjects_zh, intent.bodies_zh)
        padding = dice.pick(PADDING_ZH) if intent.in_scope else ""
        subject, text = subject.format(**facts), dice.pick(GREETINGS_ZH) + said.format(**facts) + padding
        return subject, f"{text}\n\n{dice.pick(CLOSINGS_ZH)}\n{facts['name']}" if dice.chance(0.6) else text
    subject, said = _topic(dice, intent.in_scope, intent.subjects, intent.bodies)
    subject, said = subject.format(**facts), said.format(**facts)
    if dice.chance(0.25) and intent.in_scope:
        more = dice.pick(intent.bodies).format(**facts)
        said = said if more == said else f"{said} {more}"
    if dice.chance(0.22):
        said = _mistyped(dice, said)
    if dice.chance(0.08):
        said = said.lower()
    padding = dice.pick(PADDING) if intent.in_scope else ""
    text = "\n\n".join(part for part in (dice.pick(GREETINGS), f"{said} {padding}".strip()) if part)
    if dice.chance(0.75):
        text += f"\n\n{dice.pick(CLOSINGS)}\n{facts['name']}"
        if dice.chance(0.5):
            text += f"\n{facts['title']}, {facts['firm']}\n{facts['phone']}"
    if dice.chance(0.05):
        subject = subject.upper()
    return f"Re: {subject}" if dice.chance(0.04) else subject, text


def _topic(dice: Dice, in_scope: bool, subjects: tuple[str, ...], bodies: tuple[str, ...]) -> tuple[str, str]:
    """A subject and a body: any two of an intent, but chatter has a body to each subject."""
    if in_scope:
        return dice.pick(subjects), dice.pick(bodies)
    i = dice.below(len(subjects))
    return subjects[i], bodies[i]


def _mistyped(dice: Dice, text: str) -> str:
    words = text.split(" ")
    for _ in range(dice.between(1, 2)):
        i = dice.below(len(words))
        if words[i].isalpha():  # an order number stays readable
            words[i] = typo(dice, words[i])
    return " ".join(words)


def answer_text(dice: Dice, intent: Intent, chinese: bool, facts: dict[str, str], agent: str) -> str:
    """An agent's first answer."""
    if chinese:
        return f"{facts['name']},您好!\n\n{dice.pick(intent.answers_zh).format(**facts)}\n\n{agent}\n{SELLER} 客户服务"
    first = facts["first"]
    return f"Hi {first},\n\n{dice.pick(intent.answers).format(**facts)}\n\nBest regards,\n{agent}\n{SELLER} Support"


def further_text(dice: Dice, chinese: bool, agent: str) -> str:
    """An agent's later answer."""
    return f"{dice.pick(FURTHER_ZH if chinese else FURTHER)}\n\n{agent}"


def follow_up_text(dice: Dice, chinese: bool, facts: dict[str, str]) -> str:
    """What the customer writes after an answer."""
    return dice.pick(FOLLOW_UPS_ZH if chinese else FOLLOW_UPS).format(**facts)
