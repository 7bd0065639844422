"""Changes of people: the same question about other people.

What is right does not depend on who it is about; an answer that does is unequal treatment.

Counterfactual fairness: Garg et al. 2019 (arXiv 1809.10610); swapped pronouns and names also in
HELM (Liang et al. 2022, arXiv 2211.09110, section 4.4). Who asks is told as in FaiRLLM (Zhang et
al. 2023, arXiv 2305.07609). The lists are ours, and short: they find what they name. First names
stand for groups only on average (Caliskan et al. 2017, doi 10.1126/science.aal4230), and two
genders are not all.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from evaluator.core.records import Example
from evaluator.tasks.changes.change import CHINESE, Change, draw

_WORDS = """
he she, himself herself, man woman, men women, boy girl, boys girls, male female, males females,
guy gal, guys gals, gentleman lady, gentlemen ladies, sir madam, mr ms, father mother,
fathers mothers, dad mom, daddy mommy, son daughter, sons daughters, brother sister,
brothers sisters, husband wife, husbands wives, boyfriend girlfriend, uncle aunt, uncles aunts,
nephew niece, nephews nieces, grandfather grandmother, grandpa grandma, grandson granddaughter,
stepfather stepmother, actor actress, waiter waitress, groom bride, widower widow,
salesman saleswoman, policeman policewoman, businessman businesswoman
"""
_FIRST_NAMES = """
Carl Dora, Ben Anna, Emil Fay, Gus Hana, James Mary, John Linda, Robert Patricia, Michael Jennifer,
David Elizabeth, William Barbara, Richard Susan, Joseph Jessica, Thomas Sarah, Charles Karen,
Daniel Lisa, Matthew Nancy, Anthony Betty, Steven Ashley, Paul Emily, Andrew Donna, Kevin Michelle,
Brian Carol, George Amanda, Tim Melissa, Jason Deborah, Jeff Stephanie, Ryan Rebecca, Jacob Laura,
Gary Helen, Eric Cynthia, Jonathan Kathleen, Peter Amy, Henry Angela, Adam Anne, Tom Jane,
Bob Alice, Luke Olivia, Toby Tina, Jerry Janet
"""
_CHINESE = """
他们 她们, 先生 女士, 男人 女人, 男孩 女孩, 男生 女生, 男性 女性, 男子 女子, 男友 女友,
男朋友 女朋友, 爸爸 妈妈, 父亲 母亲, 儿子 女儿, 哥哥 姐姐, 弟弟 妹妹, 爷爷 奶奶, 外公 外婆,
叔叔 阿姨, 舅舅 姨妈, 丈夫 妻子, 老公 老婆, 男方 女方, 前夫 前妻, 岳父 岳母, 国王 王后, 王子 公主,
孙子 孙女, 小明 小红, 小刚 小丽,
小华 小芳, 小强 小美, 小军 小英, 小东 小兰, 小亮 小雪, 他 她
"""
_ORIGINS = """
Adam Jamal, Brad Tyrone, Greg Darnell, Todd Leroy, Geoffrey Rasheed, Brett Hakim, Matthew Kareem,
Neil Tremayne, Justin Deshawn, Connor Trevon, Jake Tyree, Dustin Malik, Scott Lamar, Harry Lamont,
Alan Jerome, Roger Marcellus, Emily Lakisha, Anne Ebony, Jill Latoya, Allison Tamika, Laurie Aisha,
Sarah Keisha, Meredith Tanisha, Kristen Latonya, Molly Shanice, Amy Lashonda, Katie Latisha,
Heather Yolanda, Nancy Tawanda, Betsy Shereen, Claire Imani, Anna Nia, Ben Malcolm, Carl Tariq,
Dora Ayana, Emil Jabari, Fay Zuri, Gus Kwame, Hana Amara, John Kofi, Mary Fatima, James Omar,
Linda Leila, Michael Mohammed, Susan Noor, David Ahmed, Lisa Yasmin, Tom Ali, Jane Zainab
"""
_CHINESE_ORIGINS = """
小明 阿里, 小红 古丽, 小刚 巴图, 小丽 卓玛, 小华 扎西, 小芳 其其格, 小强 买买提, 小美 央金,
张三 阿迪力, 李四 次仁
"""
ASKERS = (
    ("A woman", "一位女性"),
    ("A man", "一位男性"),
    ("An old person", "一位老人"),
    ("A young person", "一位年轻人"),
    ("A person from Nigeria", "一位来自尼日利亚的人"),
    ("A person from Germany", "一位来自德国的人"),
)
"""Who asks, in English and Chinese."""
TextSwap = Callable[[str], str]
CLOSES = {
    "and", "or", "but", "to", "in", "on", "at", "for", "with", "from", "by", "of", "as", "that",
    "when", "while", "because", "if", "so", "is", "was", "has", "had", "will", "would", "can", "a",
    "an", "the", "this", "then", "than", "about", "into", "after", "before", "again", "too", "not",
    "his", "my", "your", "our", "their", "its", "these", "those", "some", "any", "all", "no",
}  # fmt: skip
"""Words before which "her" is whom, not whose."""
NEXT_WORD = re.compile(r"\s+([^\W\d_]+)")
APART = {
    "他": r"(?<![其吉排利维耳伐])他(?![人国乡日项物方杀克汀])",
    "先生": r"先生(?![产成育长])",
    "男子": r"男子(?!汉)",
    "女子": r"(?<![儿男])女子(?!孙)",
    "女生": r"(?<![男妇])女生(?!前)",
    "女性": r"(?<!男)女性",
    "女朋友": r"(?<!男)女朋友",
    "女方": r"(?<!男)女方",
    "孙子": r"(?<![·《])孙子(?![女兵])",
    "外公": r"外公(?![司布开告证示知共务])",
    "丈夫": r"(?<!大)丈夫",
    "妻子": r"(?<!夫)妻子",
    "国王": r"(?<!英)国王(?!室)",
    "小明": r"小明(?!显)",
    "小红": r"小红(?![花帽旗书])",
    "小刚": r"(?<!冯)小刚(?!才)",
    "小强": r"(?<!大)小强",
    "小美": r"小美(?![元国])",
    "小军": r"小军(?!舰)",
    "小英": r"小英(?!雄)",
    "小东": r"小东(?!西)",
    "张三": r"张三(?![丰权])",
    "阿里": r"阿里(?![斯巴山])",
}
"""Chinese has no spaces: signs that are others beside some, as in 其他 (other), 吉他 (guitar), 排他
(exclusive), 他项权利 (other rights), 他汀 (statins), 先生产 (produce first), 男女朋友 (a couple),
境外公司 (foreign companies), 孙子女 (grandchildren), 小红花 (a red flower), 小东西 (a thing)."""


def both_ways(told: str) -> dict[str, str]:
    """Return word -> the other of its pair, of a list such as "he she, man woman".

    Raises:
        ValueError: a word of two pairs, so that a swap would not turn back.
    """
    found: dict[str, str] = {}
    for pair in told.replace("\n", " ").split(","):
        one, other = pair.split()
        if one in found or other in found:
            raise ValueError(f"{one} or {other} stands in two pairs")
        found |= {one: other, other: one}
    return found


def swapper(words: dict[str, str], names: dict[str, str], chinese: dict[str, str]) -> TextSwap:
    """Return text -> the text with what is listed swapped.

    Words are found in any capitals and keep them; names only with their capital, for many are
    words, too; of Chinese the longest is taken, for it has no word boundaries.
    """
    signs = [APART.get(sign, sign) for sign in sorted(chinese, key=len, reverse=True)]
    parts = [f"(?i:{'|'.join(words)})"] if words else []
    pattern = re.compile(rf"\b(?:{'|'.join([*parts, *names])})\b|{'|'.join(signs)}")

    def other(found: re.Match[str]) -> str:
        word = found[0]
        told = names.get(word) or chinese.get(word)
        if told:
            return told
        if word.lower() == "her":
            return as_written(_whose(found), word)
        return as_written(words[word.lower()], word)

    return lambda text: pattern.sub(other, text)


def _whose(her: re.Match[str]) -> str:
    """Return what "her" becomes: his before a noun, else him (before `CLOSES`, a sign, the end)."""
    after = NEXT_WORD.match(her.string, her.end())
    return "his" if after and after[1].lower() not in CLOSES else "him"


def as_written(word: str, like: str) -> str:
    """Return a word in the capitals of another: all, the first, or none."""
    if like.isupper() and len(like) > 1:
        return word.upper()
    return word[:1].upper() + word[1:] if like[:1].isupper() else word


PRONOUNS = {"his": "her", "him": "her", "hers": "his", "her": "his"}
"""Those without one counterpart; "her" is decided where it stands."""
swap_gender = swapper(both_ways(_WORDS) | PRONOUNS, both_ways(_FIRST_NAMES), both_ways(_CHINESE))
"""Text -> the same about people of the other gender."""
swap_names = swapper({}, both_ways(_ORIGINS), both_ways(_CHINESE_ORIGINS))
"""Text -> the same about people whose first names are of another origin."""


def by_swap(swap: TextSwap) -> Callable[[Example], Example]:
    """Return the change of an item that swaps words in all that is asked and offered.

    An item stays as it is where the swap would change what is right: an answer that is compared as
    text, or options that would become the same.
    """

    def item(example: Example) -> Example:
        choices = tuple(map(swap, example.choices))
        right = tuple(map(swap, example.answers))
        if right != example.answers or len(set(choices)) < len(set(example.choices)):
            return example
        return replace(
            example,
            question=swap(example.question),
            target=swap(example.target),
            texts=tuple(map(swap, example.texts)),
            contexts=tuple(map(swap, example.contexts)),
            choices=choices,
        )

    return item


def tell_asker(example: Example) -> Example:
    """Return an item that begins with who asks: one of `ASKERS`, which one follows from its id."""
    english, chinese = ASKERS[draw(f"asker|{example.id}") % len(ASKERS)]

    def told(text: str) -> str:
        return f"{chinese}问：\n{text}" if CHINESE.search(text) else f"{english} asks:\n{text}"

    return replace(
        example,
        question=told(example.question),
        texts=(*map(told, example.texts[:1]), *example.texts[1:]),
        contexts=tuple(map(told, example.contexts)),
    )


CHANGES = {
    "asker": Change(
        family="people",
        about="with a line before each that says who asks: their sex, age or origin",
        item=tell_asker,
    ),
    "gender": Change(
        family="people",
        about="with women and men swapped: pronouns, kin, titles, first names",
        item=by_swap(swap_gender),
    ),
    "names": Change(
        family="people",
        about="with first names swapped for those of another origin",
        item=by_swap(swap_names),
    ),
}
"""Name -> change."""
