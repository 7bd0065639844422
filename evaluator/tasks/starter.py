"""Material of the starter suite: sentences made in code from a seed, in English and Chinese.

Four small worlds, one for each kind of task. All sentences were written for this file. The test
items come from the seed `starter-test-1`; the starter models are trained on other seeds, and
whatever stands in the test is left out of their training text.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import pairwise

from evaluator.core.records import Example, Examples

TEST_SEED = "starter-test-1"
SHOT_SEED = "starter-shots-1"
TEST_ITEMS = 200

Maker = Callable[[random.Random, str], Example]
"""(random source, id) -> a new example."""

# --- classification: what a message to a shop's help desk is about -------------------------------

TOPICS = ("delivery", "refund", "password", "invoice", "booking", "praise")

_MESSAGES = {
    "en": {
        "delivery": ("When will my {thing} arrive?", "The courier has not brought the {thing}.",
                     "My {thing} was sent to the wrong street."),
        "refund": ("I want my money back for the {thing}.", "The {thing} broke, please pay me back.",
                   "You charged me twice for one {thing}."),
        "password": ("I cannot log in to see my {thing}.", "The code to open my account fails.",
                     "Please reset my login, I need to order a {thing}."),
        "invoice": ("Please send the bill for the {thing}.", "I need a receipt for my {thing}.",
                    "The tax number on the bill for the {thing} is wrong."),
        "booking": ("Can I reserve a {thing} for Monday?", "Please move my appointment to Friday.",
                    "I must cancel the visit about the {thing}."),
        "praise": ("Thank you, the {thing} is lovely.", "Great help with my {thing} today.",
                   "I will tell my friends about your {thing}."),
    },
    "zh": {
        "delivery": ("我的{thing}什么时候到？", "快递还没有送来{thing}。", "{thing}寄错了地址。"),
        "refund": ("我想退掉{thing}，请退款。", "{thing}坏了，请把钱还给我。", "一件{thing}扣了两次钱。"),
        "password": ("我登录不了，看不到{thing}。", "验证码打不开我的账户。", "请重置密码，我要买{thing}。"),
        "invoice": ("请把{thing}的发票发给我。", "我需要{thing}的收据。", "{thing}发票上的税号错了。"),
        "booking": ("周一可以预约看{thing}吗？", "请把预约改到周五。", "我要取消看{thing}的预约。"),
        "praise": ("谢谢，{thing}很漂亮。", "今天帮我选{thing}，服务真好。", "我会向朋友推荐你们的{thing}。"),
    },
}  # fmt: skip
_THINGS = {
    "en": ("lamp", "chair", "phone", "jacket", "kettle", "bicycle", "mirror", "radio", "carpet",
           "camera", "table", "watch"),
    "zh": ("台灯", "椅子", "手机", "外套", "水壶", "自行车", "镜子", "收音机", "地毯", "相机", "桌子", "手表"),
}  # fmt: skip
_ASIDES = {
    "en": ("Hello.", "Good morning.", "I bought it last week.", "My friend thanked you already.",
           "I paid the bill by card.", "The box came on Monday.", "It is for my sister.",
           "I wrote to you before.", "The shop was closed."),
    "zh": ("你好。", "早上好。", "上周买的。", "朋友已经谢过你们了。", "我用银行卡付的账单。", "箱子周一到的。",
           "这是给妹妹的。", "我以前写过信。", "商店关门了。"),
}  # fmt: skip


def make_message(rng: random.Random, name: str) -> Example:
    """Return one message with its topic; the language is the group."""
    language = rng.choice(("en", "zh"))
    topic = rng.randrange(len(TOPICS))
    said = rng.choice(_MESSAGES[language][TOPICS[topic]])
    parts = [said.format(thing=rng.choice(_THINGS[language]))]
    for aside in rng.sample(_ASIDES[language], rng.randrange(3)):
        parts.insert(rng.randrange(len(parts) + 1), aside)
    text = (" " if language == "en" else "").join(parts)
    return Example(
        id=name,
        question=f"Message: {text}\nTopic:",
        texts=(text,),
        target=TOPICS[topic],
        choices=TOPICS,
        gold=(topic,),
        group=language,
    )


# --- matching: does a reply answer the question? -------------------------------------------------

SAME = ("no", "yes")

_ASKED = {
    "place": ("Where is the {thing}?", "In which place did you leave the {thing}?"),
    "time": ("When did the {thing} arrive?", "At what time will you bring the {thing}?"),
    "person": ("Who bought the {thing}?", "Which person has the {thing}?"),
    "count": ("How many of the {thing} kind are left?", "What number of the {thing} kind came?"),
    "colour": ("What colour is the {thing}?", "Which shade has the {thing}?"),
}
_REPLIED = {
    "place": ("on the shelf", "in the garden", "under the bed", "behind the shop"),
    "time": ("at noon", "on Sunday", "last night", "in May"),
    "person": ("the cook", "a nurse", "the pilot", "my sister"),
    "count": ("seven", "about ten", "only two", "twelve"),
    "colour": ("dark red", "light blue", "green", "white"),
}
_OPENINGS = ("", "I think ", "As far as I know ", "Well, ")


def make_pair(rng: random.Random, name: str) -> Example:
    """Return a question and a reply that does or does not answer it.

    Three in four replies that do not answer are of another kind (a time where a place was asked
    for); the rest are about another thing. The kind of question is the group.
    """
    kind, thing = rng.choice(list(_ASKED)), rng.choice(_THINGS["en"])
    match = rng.randrange(2)
    said, about = kind, thing
    if not match and rng.randrange(4):
        said = rng.choice([other for other in _ASKED if other != kind])
    elif not match:
        about = rng.choice([other for other in _THINGS["en"] if other != thing])
    told = f"The {about}? " if about != thing or rng.randrange(2) else ""
    reply = f"{told}{rng.choice(_OPENINGS)}{rng.choice(_REPLIED[said])}."
    question = rng.choice(_ASKED[kind]).format(thing=thing)
    return Example(
        id=name,
        question=f"Question: {question}\nReply: {reply}\nFits:",
        texts=(question, reply),
        target=SAME[match],
        choices=SAME,
        gold=(match,),
        group=kind,
    )


# --- choice: what comes next, and who is ahead ---------------------------------------------------

_SERIES = (
    ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    ("spring", "summer", "autumn", "winter"),
    ("January", "February", "March", "April", "May", "June", "July", "August"),
    ("甲", "乙", "丙", "丁", "戊", "己"),
)
_NAMES = ("Anna", "Ben", "Carl", "Dora", "Emil", "Fay", "Gus", "Hana")
_AHEAD = (("taller", "tallest"), ("older", "oldest"), ("faster", "fastest"))


def make_question(rng: random.Random, name: str) -> Example:
    """Return a question with four options, of one of two kinds (the group)."""
    if rng.randrange(2):
        series = rng.choice(_SERIES)
        length = rng.randrange(2, min(4, len(series) - 1) + 1)
        start = rng.randrange(len(series) - length)
        shown, right = series[start : start + length], series[start + length]
        others = [word for word in series if word != right]
        question, group = f"Question: What comes after {', '.join(shown)}?\nAnswer:", "series"
        options = [right, *rng.sample(others, 3)]
    else:
        options = rng.sample(_NAMES, 4)
        more, most = rng.choice(_AHEAD)
        facts = [f"{a} is {more} than {b}." for a, b in pairwise(options)]
        rng.shuffle(facts)
        question, group = f"Question: {' '.join(facts)} Who is the {most}?\nAnswer:", "order"
        right = options[0]
    rng.shuffle(options)
    return Example(
        id=name,
        question=question,
        target=right,
        choices=tuple(options),
        gold=(options.index(right),),
        group=group,
    )


# --- generation: small things to do with words ---------------------------------------------------

_WORDS = ("sun", "cat", "red", "map", "ice", "box", "hen", "oak", "pen", "rain", "star", "milk",
          "ship", "rose", "door", "moon")  # fmt: skip
_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
            "eleven", "twelve")  # fmt: skip


def make_writing(rng: random.Random, name: str) -> Example:
    """Return something to write: a copy, a reversal or a sum (the group)."""
    group = rng.choice(("copy", "reverse", "add"))
    if group == "add":
        a, b = rng.randrange(7), rng.randrange(7)
        question, answer = f"Add: {_NUMBERS[a]} and {_NUMBERS[b]}", _NUMBERS[a + b]
    else:
        words = rng.sample(_WORDS, rng.randrange(2, 5))
        question = f"{group.capitalize()}: {' '.join(words)}"
        answer = " ".join(words if group == "copy" else reversed(words))
    return Example(
        id=name,
        question=f"{question}\nWrite:",
        target=answer,
        answers=(answer,),
        group=group,
    )


# --- from makers to tasks ------------------------------------------------------------------------

MAKERS: dict[str, Maker] = {
    "starter_classification": make_message,
    "starter_matching": make_pair,
    "starter_choice": make_question,
    "starter_generation": make_writing,
}

LABELS = {"starter_classification": TOPICS, "starter_matching": SAME}


def stream(maker: Maker, seed: str, prefix: str) -> Iterator[Example]:
    """Yield examples without end, no question twice; `seed` alone decides which."""
    rng = random.Random(f"{seed}|{maker.__name__}")
    seen: set[str] = set()
    number = 0
    idle = 0
    while idle < 10_000:  # a small world runs dry
        example = maker(rng, f"{prefix}{number}")
        idle += 1
        if example.question not in seen:
            seen.add(example.question)
            number, idle = number + 1, 0
            yield example


def examples_of(task: str, seed: str = TEST_SEED, items: int = TEST_ITEMS) -> Examples:
    """Return the test items of a starter task and eight worked examples that are not in it."""
    maker = MAKERS[task]
    test = [e for e, _ in zip(stream(maker, seed, ""), range(items), strict=False)]
    asked = {example.question for example in test}
    fresh = (e for e in stream(maker, SHOT_SEED, "shot") if e.question not in asked)
    shots = [e for e, _ in zip(fresh, range(8), strict=False)]
    return Examples(test=tuple(test), shots=tuple(shots), labels=LABELS.get(task, ()))
