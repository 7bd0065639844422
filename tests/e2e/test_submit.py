"""The form for a submission: what it writes, `evaluator check` accepts."""

from __future__ import annotations

import yaml
from conftest_e2e import ROOT, evaluator

from evaluator.board.publish import read_site
from evaluator.board.publish.pages import Pages
from evaluator.board.publish.submit import NO_FORM
from evaluator.core.schema import load_schema

LONG = 'Web text: "books", code #1\nand\tforums — 语料; no test set was seen, '
FIELDS = {
    "folder.org": "acme",
    "folder.model": "tiny-1",
    "title": "Acme: Tiny #1 - 'true'",
    "organisation": "yes",
    "model.repo": "acme/tiny",
    "model.revision": "0123456789abcdef0123456789abcdef01234567",
    "licence": "Apache-2.0",
    "maintainers": "ada, grace",
    "card.use": "Testing.",
    "training_data": LONG,
    "card.limits": "Many.",
}


def fill(page, fields):
    for path, text in fields.items():
        page.locator(f'[id="f-{path}"]').fill(text)


def shown(page, name):
    return page.locator(f"#b-{name}").inner_text()


def check(tree, page, folder="acme/tiny-1"):
    home = tree / folder
    home.mkdir(parents=True, exist_ok=True)
    (home / "submission.yaml").write_text(page.locator("#b-submission").text_content())
    (home / "card.md").write_text(page.locator("#b-card").text_content())
    return evaluator("check", "--tree", str(tree), cwd=ROOT, check=False)


def test_what_the_form_writes_passes_the_check(browser, serve, site, tree):
    page = browser.new_page()
    said: list[str] = []
    page.on("console", lambda m: said.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: said.append(str(e)))
    page.goto(f"{serve(site)}submit/form/")
    fill(page, FIELDS)
    page.get_by_role("button", name="Decline a task").click()
    page.get_by_label("What the model has seen").fill("The test split: see section 3.")
    page.get_by_label("Addresses that show it").fill("https://example.org/a")
    page.locator("#submit[data-faults='0']").wait_for()
    done = check(tree, page)
    assert done.returncode == 0, done.stdout + done.stderr
    read = yaml.safe_load(page.locator("#b-submission").text_content())
    assert read["title"] == FIELDS["title"] and read["organisation"] == "yes"
    assert read["training_data"] == LONG.strip() and read["maintainers"] == ["ada", "grace"]
    assert read["declines"][0]["evidence"] == ["https://example.org/a"]
    with page.expect_download() as asked:
        page.get_by_role("button", name="Download").first.click()
    assert asked.value.suggested_filename == "submission.yaml"
    link = page.get_by_role("link", name="Open on GitHub").first.get_attribute("href")
    assert "/new/main?filename=submissions%2Facme%2Ftiny-1%2Fsubmission.yaml&value=" in link
    assert said == []
    page.close()


SERVER = """
providers:
  our-server:
    url: https://models.example.org/v1
    key_variable: OUR_SERVER_KEY
"""


def form_of(tree, site):
    """The page of the form as a board with this tree has it."""
    body = Pages(read_site(tree), ROOT / "site").single()["submit/form/index.md"].body
    before, _, rest = (site / "submit/form/index.html").read_text().partition('<div class="b-page')
    return before + body + rest.split('assets/board/submit.js"></script>', 1)[1]


def test_the_check_takes_every_kind_that_the_form_offers(browser, serve, site, tree):
    board = tree / "board.yaml"
    board.write_text(board.read_text() + SERVER)
    page = browser.new_page()
    page.route("**/form/", lambda route: route.fulfill(body=form_of(tree, site)))
    page.goto(f"{serve(site)}submit/form/")
    fill(page, FIELDS)
    schema = load_schema("submission")["properties"]["model"]["properties"]
    kinds = [kind for kind in schema["kind"]["enum"] if kind not in NO_FORM]
    made = [(kind, "") for kind in kinds] + [("served", a) for a in schema["answers"]["enum"]]
    for kind, answers in made:
        page.locator('[id="f-model.kind"]').select_option(kind)
        if page.locator('[id="f-model.tasks"]').is_visible():
            fill(page, {"model.tasks": "banking77"})
        if kind == "served":
            fill(page, {"model.name": "m"})
        if answers:
            page.locator('[id="f-model.answers"]').select_option(answers)
        page.locator("#submit[data-faults='0']").wait_for(timeout=3000)
        done = check(tree, page)
        assert done.returncode == 0, (kind, answers, done.stdout + done.stderr)
        assert f"  kind: {kind}" in shown(page, "submission")
    page.close()


def test_a_board_without_servers_offers_no_served_models(site):
    assert 'value="served"' not in (site / "submit/form/index.html").read_text()


def test_faults_are_told_beside_their_field(browser, serve, site, tree):
    page = browser.new_page()
    page.goto(f"{serve(site)}submit/form/")
    fill(page, FIELDS | {"model.revision": "main", "folder.org": "Acme", "maintainers": "@ada",
                        "folder.model": "con", "trained_on": "banking77, bankng"})  # fmt: skip
    page.locator('[id="f-title"]').focus()
    told = {
        path: page.locator(f'[id="e-{path}"]').inner_text()
        for path in ("model.revision", "folder.org", "maintainers", "folder.model", "trained_on")
    }
    assert "40 hex digits" in told["model.revision"]
    assert "a-z, 0-9" in told["folder.org"] and "Windows" in told["folder.model"]
    assert told["trained_on"] == "no task of that name"
    assert "without @" in told["maintainers"]
    assert page.locator("#b-status").inner_text() == "5 fields are missing or wrong."
    assert page.get_by_role("link", name="Open on GitHub").count() == 0  # no address until it fits
    refused = check(tree, page)
    assert refused.returncode == 1
    assert "revision" in refused.stdout + refused.stderr
    page.close()
