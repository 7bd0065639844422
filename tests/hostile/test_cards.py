"""Rows 62 to 73, as far as a card becomes HTML and a table a file: parsed, then held to a list."""

from __future__ import annotations

import csv
import io
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import fuzz
from strangers import Row, rows

from evaluator.board.card import TAGS, render_card
from evaluator.board.publish.values import safe_cell


class Seen(HTMLParser):
    """What a browser would make of it: every tag with its attributes, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def handle_comment(self, data):
        raise AssertionError(f"a comment: {data}")

    def handle_pi(self, data):
        raise AssertionError(f"an instruction: {data}")


def seen(body: str) -> Seen:
    """Render a card and hold every tag and attribute to what a card may have."""
    found = Seen(render_card(f"---\nlicense: mit\n---\n{body}"))
    for tag, attributes in found.tags:
        assert tag in TAGS, tag
        assert attributes.keys() <= {"href", "title", "rel"}, attributes
        href = attributes.get("href") or "https://"
        assert href.startswith(("https://", "mailto:")), href
    return found


CODE = [
    "<script>alert(1)</script>", "<svg/onload=alert(1)>", "<img src=x onerror=alert(1)>",
    '<iframe srcdoc="<script>alert(1)</script>">', "<form action=//evil><input name=a></form>",
    "<style>body{display:none}</style>", "<base href=//evil.example/>",
    '<meta http-equiv=refresh content="0;url=//evil.example">', "<x-widget onclick=alert(1)>a</x>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img onerror=x&gt;'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>", "<object data=x></object>",
    "<embed src=x>", "<link rel=stylesheet href=//evil>", "<video src=x onerror=alert(1)>",
    "<a href='https://example.org' onclick=alert(1) style=color:red id=evil>x</a>",
    "<template><script>alert(1)</script></template>", "<!-- x --><script>alert(1)</script>",
]  # fmt: skip


@rows([Row(62, code[:40], code, "") for code in CODE])
def test_code_in_a_card_is_gone(case):
    found = seen(f"Before {case.value} after\n\n{case.value}\n")
    assert "Before" in found.text


LINKS = [
    "[x](javascript:alert(1))", "[x](JaVaScRiPt:alert(1))", "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))", "[x](javascript&colon;alert(1))", "[x](data:text/html,x)",
    "[x](vbscript:x)", "<javascript:alert(1)>", "[x][1]\n\n[1]: javascript:alert(1)",
    "[x](file:///etc/passwd)", "[x](http://plain.example)", "<a href='&#115;cript:x'>y</a>",
    "[x](\x01javascript:alert(1))", "[x](https:evil)", "![x](javascript:alert(1))",
]  # fmt: skip


@rows([Row(63, repr(link)[:50], link, "") for link in LINKS])
def test_a_link_that_runs_something_is_gone(case):
    seen(f"{case.value}\n")


@rows([
    Row(64, "attributes", "para\n{: onclick=alert(1) id=evil style=x }", "{: onclick=alert(1)"),
    Row(65, "a snippet", '--8<-- "secret.txt"', '--8<-- "secret.txt"'),
    Row(65, "an expression", "{{ config }} {% include 'x' %}", "{{ config }} {% include 'x' %}"),
    Row(65, "an admonition", "!!! include\n    x", "!!! include"),
    Row(65, "a block that runs", '```python exec="1"\nprint(1)\n```', "print(1)"),
    Row(66, "front matter of another file", "---\ntemplate: nope.html\n---\n", "template: nope"),
])  # fmt: skip
def test_what_other_extensions_would_obey_is_text(case):
    assert case.reason in seen(case.value).text


@rows([
    Row(67, "ids of the theme", '# __toc\n\n<h2 id="__config">x</h2>\n<a name="__t">y</a>', ""),
    Row(69, "pictures", "![t](https://track.example/p.png) <img src=https://track.example/p>", ""),
    Row(69, "a way out of the folder", "[x](../../secret) [y](/etc) [z](//evil.example)", ""),
])  # fmt: skip
def test_ids_pictures_and_ways_out_are_gone(case):
    found = seen(case.value)
    assert not any("id" in attributes or tag == "img" for tag, attributes in found.tags)
    assert not any(tag == "a" and "href" in attributes for tag, attributes in found.tags)


@rows([
    Row(68, "an open fence", "```\n<b>", ""),
    Row(68, "ends of what was never begun", "</div></section></main>\n\ntext", ""),
    Row(68, "an open comment", "<!-- \n\ntext", ""),
    Row(68, "thousands of quotes", "> " * 1_000 + "x", ""),
    Row(68, "thousands of brackets", "[" * 30_000, ""),
    Row(68, "thousands of beginnings of links", "[a](" * 10_000, ""),
    Row(68, "thousands of pictures", "![" * 15_000, ""),
    Row(68, "thousands of beginnings of tags", "<a " * 15_000, ""),
    Row(68, "thousands of stars", "*" * 30_000 + "x", ""),
    Row(68, "thousands of underscores", "_a" * 15_000, ""),
    Row(68, "a table of thousands of cells", "|a" * 2_000 + "|\n" + "|-" * 2_000 + "|\n", ""),
    Row(68, "a list of thousands of levels", "".join(f"{' ' * i}- x\n" for i in range(200)), ""),
    Row(68, "thousands of backquotes", "`" * 30_000 + "x", ""),
])  # fmt: skip
def test_what_never_ends_stays_inside_its_section(case):
    found = seen(case.value)
    assert all(tag in TAGS for tag, _ in found.tags)


@fuzz
@given(st.text(alphabet="<>[](){}!&;:/\\'\"`*_#|-=\n\t ahrefjscript01\u202e", max_size=120))
def test_any_card_is_inert(body):
    seen(body)


CELLS = ["=1+1", "+cmd", "-2", "@SUM(A1)", "\t=1", "\r=1", "＝1", "＋1", "－1", "＠x"]


@rows([Row(72, repr(cell), cell, "") for cell in CELLS])
def test_a_cell_that_a_table_program_would_run_is_quoted(case):
    assert safe_cell(case.value) == f"'{case.value}"


@pytest.mark.parametrize("value", [-2, -0.5, 3, "a=1", 'a "quoted", text', "two\nlines", "", None])
def test_numbers_and_honest_text_stay_as_they_are(value):
    assert safe_cell(value) == value
    file = io.StringIO(newline="")
    csv.writer(file).writerow([safe_cell(value), "end"])
    assert next(csv.reader(io.StringIO(file.getvalue(), newline="")))[1] == "end"
