"""What the pages are made of: history, audit, method, tables; from a board with real commits."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import made_board
import pandas
import pytest
from conftest import ROOT
from jinja2 import UndefinedError
from markupsafe import Markup

from evaluator.board.index import index_of
from evaluator.board.profile import offered
from evaluator.board.publish import read_site
from evaluator.board.publish.audit import audit_data, audit_page
from evaluator.board.publish.changes import by_week, commits, events
from evaluator.board.publish.downloads import board_files, files_of_models, write_files, write_sums
from evaluator.board.publish.feed import feed_json, feed_xml, llms_txt, site_map
from evaluator.board.publish.frames import as_csv, as_parquet, ranking_frame, typed
from evaluator.board.publish.history import (
    bump_chart,
    chosen_days,
    history_data,
    moves,
)
from evaluator.board.publish.method import RULES, method_data
from evaluator.board.publish.model import model_data
from evaluator.board.publish.model_pictures import badge, pictures_of
from evaluator.board.publish.pages import Pages
from evaluator.board.publish.queue import queue_data
from evaluator.board.publish.render import Renderer
from evaluator.board.publish.rendered import lead_of
from evaluator.board.publish.scores import score_rows, scores_frame
from evaluator.board.publish.site import gather
from evaluator.board.publish.suite import presets
from evaluator.board.publish.table import table_data
from evaluator.board.publish.task import findings, task_board, task_data, tasks_data
from evaluator.board.publish.values import address_of
from evaluator.board.publish.vectors import item_names
from evaluator.board.publish.words import read_words
from evaluator.board.ranking import rank
from evaluator.board.submissions import read_tree
from evaluator.core.files import sha256
from evaluator.measure.sample import sample_of
from evaluator.tasks import load_task


@pytest.fixture(scope="module")
def repository(tmp_path_factory) -> Path:
    home = tmp_path_factory.mktemp("board") / "repository"
    made_board.build(home)
    return home


@pytest.fixture(scope="module")
def site(repository):
    return read_site(repository / "submissions")


def test_the_history_tells_what_came_in_which_commit(site, repository):
    told = history_data(site)["events"]
    kinds = [(event["kind"], event["model"]) for event in told]
    assert kinds[0] in (("submitted", "baseline/majority"), ("measured", "baseline/majority"))
    assert ("measured", "starter/small") in kinds and ("decided", "") in kinds
    assert ("failed", "baseline/random") in kinds
    measured = next(e for e in told if (e["kind"], e["model"]) == ("measured", "starter/small"))
    assert len(measured["tasks"]) == 4 and measured["title"] == "Starter small"
    head = made_board.git(repository, "rev-parse", "HEAD")
    assert told[0]["commit"] == head and told[0]["author"] == "Ada"


def test_ranks_over_time_count_the_models_that_were_there(site):
    data = history_data(site)
    assert data["days"] == ["2026-12-01"]
    by_rank = {line["ranks"][-1]: line["title"] for line in data["series"]}
    assert by_rank == {1: "Starter small", 2: "Random baseline", 3: "Majority baseline"}
    assert bump_chart(data, read_words(ROOT / "site/words", "en")) is None  # one day is no history


ROWS = [
    {"model": m, "slug": m, "title": m.upper(), "index": x}
    for m, x in (("a", 9.0), ("b", 5.0), ("c", 5.0), ("d", 1.0))
]
ARRIVED = {"a": "2026-03-20", "b": "2026-03-01", "c": "2026-03-01", "d": "2026-03-02"}


def test_a_move_names_who_came_in_above():
    found = moves(ROWS, ARRIVED)
    assert [(m["title"], m["was"], m["now"], m["above"]) for m in found] == [
        ("B", 1, 2, ["A"]),
        ("C", 1, 2, ["A"]),
        ("D", 3, 4, ["A"]),
    ]
    assert moves(ROWS, {**ARRIVED, "a": "2026-03-01"}) == []
    assert moves([], {}) == []


def test_many_days_become_the_ends_of_months():
    days = [f"2026-{month:02}-{day:02}" for month in range(1, 13) for day in (3, 9, 28)]
    assert chosen_days(days) == [f"2026-{month:02}-28" for month in range(1, 13)]
    assert chosen_days(days[:5]) == days[:5]


def test_the_last_week_is_that_of_the_newest_change():
    told = [{"day": day} for day in ("2026-03-20", "2026-03-14", "2026-03-13", "2026-01-01")]
    page = by_week(told)
    assert [commit["day"] for commit in page["week"]] == ["2026-03-20", "2026-03-14"]
    assert by_week([]) == {"week": [], "before": []}


def test_a_commit_is_one_line_however_much_it_brought(site, repository):
    told = commits(site)
    logged = made_board.git(repository, "log", "--first-parent", "--format=%H %s").splitlines()
    assert [f"{one['commit']} {one['subject']}" for one in told] == logged
    newest = told[0]["brought"]
    kinds = {part["kind"]: [model["model"] for model in part["models"]] for part in newest}
    assert kinds == {"measured": ["baseline/majority"], "submitted": ["baseline/majority"]}
    assert len(events(site)) > len(told)
    change = next(c for c in site.changes if "/results/" in c.path)
    path = change.path.replace("baseline/random", "many/{}")
    many = [replace(change, path=path.format(i), commit="f" * 40) for i in range(150)]
    (brought,) = commits(replace(site, changes=(*site.changes, *many)))[0]["brought"]
    assert (brought["n"], len(brought["models"])) == (150, 100)


def test_what_a_large_commit_brought_is_folded(site):
    page = Pages(site, ROOT / "site").single()["history/index.md"].body
    assert page.count("<tr><td>") == len(commits(site))
    models = [{"model": f"o/m{i}", "slug": "", "title": f"M{i}", "tasks": []} for i in range(40)]
    made = {"day": "2026-12-02", "commit": "f" * 40, "author": "Ada", "subject": "Many",
            "brought": [{"kind": "measured", "n": 40, "models": models}]}  # fmt: skip
    render = Renderer(site, ROOT / "site", read_words(ROOT / "site/words", "en"))
    shown = render("history.html", "history/index.md", history=history_data(site), chart=None,
                   titles={}, week=[made], before=[])  # fmt: skip
    assert "<summary>measured: 40 models</summary>" in shown
    assert "M29" in shown and "M30" not in shown and "and 10 more" in shown


def test_the_picture_of_ranks_has_a_line_a_model():
    series = [{"title": "A", "ranks": [None, 1]}, {"title": "B", "ranks": [1, 2]}]
    data = {"days": ["2026-01-01", "2026-02-01"], "series": series}
    chart = bump_chart(data, read_words(ROOT / "site/words", "en"))
    assert chart.rows == [["A", "–", "1"], ["B", "1", "2"]]
    assert chart.picture.svg(alone=False).count('class="a"') == 4
    assert chart.narrow.width < chart.picture.width


def test_the_audit_page_follows_every_result(site):
    data = audit_data(site)
    assert data["findings"] == [] and data["commits"] == 8
    assert len(data["results"]) == 12 and all(row["commit"] for row in data["results"])
    page = audit_page(data)
    assert page["counts"] == {"results": 12, "official": 12, "kept": 12, "signed": 4}
    assert page["trust"] == {"local": 12}


def test_outside_git_nothing_is_claimed(tree):
    bare = read_site(tree)
    assert audit_data(bare) is None
    assert history_data(bare)["events"] == []


def test_a_tampered_result_is_on_the_page(tmp_path):
    home = tmp_path / "tampered"
    made_board.build(home)
    path = next((home / "submissions/starter/small/results").glob("starter_choice/*/*.json"))
    result = json.loads(path.read_text())
    result["metrics"]["acc"]["value"] = 0.99
    path.write_text(json.dumps(result))
    data = audit_data(read_site(home / "submissions"))
    assert any("differs from what is committed" in found["message"] for found in data["findings"])


def test_every_rule_of_the_method_points_at_its_function(site):
    words = read_words(ROOT / "site/words", "en").texts
    for rule in method_data(site)["rules"]:
        path, line = rule["path"].split("#L")
        assert f"def {rule['function']}(" in (ROOT / path).read_text().splitlines()[int(line) - 1]
        assert words[f"method.{rule['rule']}"]
    assert {rule["rule"] for rule in method_data(site)["rules"]} == RULES.keys()


def test_the_example_adds_up(site):
    found = method_data(site)["example"]
    assert index_of(found["areas"]) == pytest.approx(found["first"]["index"])
    assert found["z"] == pytest.approx(found["difference"] / found["error"])
    for row in found["rows"]:
        reach = row["best"] - row["baseline"]
        assert row["skill"] == pytest.approx((row["value"] - row["baseline"]) / reach)


def test_the_long_table_reads_the_same_from_both_files(site):
    frame = scores_frame(site)
    from_csv = pandas.read_csv(io.BytesIO(as_csv(frame)), dtype=frame.dtypes.to_dict())
    from_parquet = pandas.read_parquet(io.BytesIO(as_parquet(frame)))
    assert list(from_csv.columns) == list(from_parquet.columns)
    measured = from_parquet[from_parquet["state"] == "measured"]
    assert len(measured) == 12 and measured["value"].between(0, 1).all()
    pandas.testing.assert_frame_equal(from_parquet, frame)
    pandas.testing.assert_frame_equal(from_csv, frame)
    assert as_parquet(frame) == as_parquet(scores_frame(site))


def test_every_download_stands_in_the_list_of_hashes(site, tmp_path):
    sums = write_files(tmp_path, board_files(site))
    sums += write_files(tmp_path, files_of_models(site, {}, {}))
    write_sums(tmp_path, ["0" * 64 + "  models/a.json\n", *sums])
    lines = (tmp_path / "SHA256SUMS").read_text().splitlines()
    listed = dict(reversed(line.split("  ")) for line in lines)
    assert listed.pop("models/a.json") == "0" * 64
    files = {p.relative_to(tmp_path).as_posix(): p for p in tmp_path.rglob("*.*")}
    assert listed == {path: sha256(file.read_bytes()) for path, file in files.items()}
    assert {"data/scores.parquet", "data/starter.parquet", "data/audit.json"} <= files.keys()
    ranked = pandas.read_parquet(files["data/starter.parquet"])
    assert ranked["model"].iloc[0] == "starter/small"
    assert str(ranked["best_rank"].dtype) == "Int64"


def test_the_feed_is_atom_with_ids_that_stay(site):
    words = read_words(ROOT / "site/words", "en")
    feed = ElementTree.fromstring(feed_xml(site, words))
    atom = "{http://www.w3.org/2005/Atom}"
    ids = [entry.findtext(f"{atom}id") for entry in feed.iter(f"{atom}entry")]
    assert len(ids) == len(set(ids)) > 5
    assert all(name.startswith("tag:github.com,2026:") for name in ids)
    days = [entry.findtext(f"{atom}updated") for entry in feed.iter(f"{atom}entry")]
    assert days == sorted(days, reverse=True) and feed.findtext(f"{atom}updated") == days[0]
    assert feed_xml(site, words) == feed_xml(site, words)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_json_feed_tells_what_the_atom_feed_tells(site, language):
    words = read_words(ROOT / "site/words", language)
    found = feed_json(site, words)
    assert found["version"] == "https://jsonfeed.org/version/1.1" and found["language"] == language
    atom = ElementTree.fromstring(feed_xml(site, words))
    space = "{http://www.w3.org/2005/Atom}"
    told = [
        tuple(e.findtext(f"{space}{part}") for part in ("id", "title", "updated", "summary"))
        for e in atom.findall(f"{space}entry")
    ]
    parts = ("id", "title", "date_published", "content_text")
    assert [tuple(item[part] for part in parts) for item in found["items"]] == told
    address = address_of(site.tree.board)
    assert found["feed_url"] == f"{address}feed.json"
    assert all(item["url"].startswith(address) for item in found["items"])
    alone = replace(site, tree=replace(site.tree, board=replace(site.tree.board, public=False)))
    assert "http" not in json.dumps(feed_json(alone, words)["items"])
    assert not {"home_page_url", "feed_url"} & feed_json(alone, words).keys()
    links = re.findall(r'</author><link href="([^"]+)"', feed_xml(alone, words))
    assert links and all(link.endswith("/index.html") for link in links)  # no server adds it
    assert "/index.html): " in llms_txt(alone, words).split("## ")[-1]


def test_chips_are_offered_that_split_the_models(site):
    def chips(*billions):
        row = site.rows["starter"][0] | {"open": True, "reproduced": False}
        return presets([row | {"parameters": int(size * 1e9)} for size in billions])

    assert chips(1, 2) == ["all"]
    assert chips(2, 7) == ["all", "3b"]
    assert chips(2, 70) == ["all", "3b", "8b", "13b", "34b", "more"]
    assert chips(40, 70) == ["all"], "all are larger"


def test_badges_say_rank_and_tie_group(site):
    found = {model: pictures_of(site, model) for model in site.places}
    badges = {path: data for pictures in found.values() for path, data in pictures.items()}
    ranked = ("starter--small", "baseline--random", "baseline--majority")
    assert {path for path in badges if path.endswith("svg")} == {f"badges/{n}.svg" for n in ranked}
    assert ">rank 1 · tie A<" in badges["badges/starter--small.svg"].decode()
    row = site.places["baseline/random"]["starter"] | {"best_rank": None}
    unranked = replace(site, places={"baseline/random": {"starter": row}})
    assert pictures_of(unranked, "baseline/random") == {}
    hostile = ElementTree.fromstring(badge("<script>", '"&'))
    assert hostile.get("aria-label") == '<script>: "&'


def test_the_map_names_every_page_of_a_public_board(site, tmp_path):
    for folder in ("a", "zh"):
        (tmp_path / folder).mkdir()
    for name in ("index.html", "a/index.html", "zh/index.html", "404.html"):
        (tmp_path / name).write_text("")
    board = site.tree.board
    home = address_of(board)
    assert home == "https://open-llm-leaderboard.github.io/open-llm-leaderboard/"
    places = [e.text for e in ElementTree.fromstring(site_map(home, tmp_path)).iter() if e.text]
    assert [place.strip() for place in places if place.strip()] == [home, f"{home}a/"]
    assert "<loc>" not in site_map("", tmp_path)


def test_what_programs_read_names_files_that_are_there(site):
    text = llms_txt(site, read_words(ROOT / "site/words", "en"))
    files = dict([*board_files(site), *files_of_models(site, {}, {})])
    for path in ("data/starter.json", "data/scores.csv", "data/audit.json"):
        assert f"({path})" in text and path in files


def test_the_queue_tells_what_failed_and_why(site):
    found = queue_data(site)
    assert (found["n"], found["n_failed"]) == (0, 1)
    assert found["failed"][0]["reason"] == "no network"


def test_the_queue_page_tells_what_ran_out_of_time_and_what_does_not_fit(tree):
    """Both are states with their reason; one is tried again, the other is not."""
    home = tree / "starter/small"
    (home / "attempts").mkdir()
    for task, state in (("starter_choice", "timeout"), ("starter_matching", "too-long")):
        for path in (home / "results" / task).rglob("*.*"):
            path.unlink()
        facts = {"schema": 1, "submission": "starter/small", "task": task, "key": ""}
        facts |= {"state": state, "reason": f"why {task}", "when": "2026-11-24T00:00:00Z"}
        (home / f"attempts/{state.replace('-', '')}-1.json").write_text(json.dumps(facts))
    site = read_site(tree)
    found = queue_data(site)
    assert [w["task"] for w in found["pending"]] == ["starter_choice"]
    page = Pages(site, ROOT / "site").single()["queue/index.md"].body
    for text in ("timed out", "too long", "why starter_choice", "why starter_matching"):
        assert text in page


def test_the_queue_tells_what_is_next(tmp_path, tree):
    for path in (tree / "starter/small/results/starter_choice").rglob("*.*"):
        path.unlink()
    found = queue_data(read_site(tree))
    assert [(w["slug"], w["task"], w["action"]) for w in found["pending"]] == [
        ("starter--small", "starter_choice", "measure")
    ]


def test_columns_beside_the_scores_are_those_that_the_board_varies(site):
    suite = replace(site.rankings["starter"].suite, areas={})
    assert offered(site.rankings["starter"].suite.measured) == []
    assert offered(["starter_classification_typos", "starter_choice"]) == ["kept"]
    assert offered(["starter_choice_no_question"]) == ["evidence"]
    rows = [row | {"areas": {}, "tasks": {}} for row in site.rows["starter"][:2]]
    frame = ranking_frame(suite, rows, {"kept": [0.5, None]})
    assert as_csv(frame).decode().splitlines()[1].endswith(",0.5")
    assert as_csv(frame).decode().splitlines()[2].endswith(",")
    table = table_data(rows, [], {"kept": [0.5, None], "same": [-0.0123, 0.0]})
    assert table["beside"] == {"kept": [500, None], "same": [-12, 0]}
    assert "beside" not in table_data(rows, [], {})


def test_a_download_keeps_columns_apart_that_a_board_calls_alike(site):
    suite = site.rankings["starter"].suite
    (_, *others), tasks = suite.areas.items(), suite.tasks
    suite = replace(suite, areas={tasks[0]: suite.areas["classification"], **dict(others)})
    rows = [{**row, "areas": {tasks[0]: 12.5}} for row in site.rows["starter"]]
    frame = ranking_frame(suite, rows, {})
    assert frame[f"{tasks[0]} (area)"][0] == 12.5
    assert frame[tasks[0]][0] == rows[0]["tasks"][tasks[0]]["value"]
    assert as_parquet(frame)


def test_a_table_program_runs_nothing_of_a_csv_and_parquet_keeps_the_text():
    frame = typed(pandas.DataFrame({"title": ["=1+1", None], "n": [3, None]}), {"n": "Int64"})
    assert as_csv(frame) == b"title,n\r\n'=1+1,3\r\n,\r\n"
    kept = pandas.read_parquet(io.BytesIO(as_parquet(frame)))
    assert kept["title"][0] == "=1+1"


def test_a_model_that_saw_the_train_split_is_marked(tree):
    path = tree / "starter/small/submission.yaml"
    text = path.read_text().replace("suites:", "trained_on: [starter_choice]\nsuites:")
    path.write_text(text)
    site = read_site(tree)
    rows = {row["model"]: row["trained"] for row in task_board(site, "starter_choice")}
    assert [name for name, trained in rows.items() if trained] == ["starter/small"]
    assert not any(row["trained"] for row in task_board(site, "starter_matching"))
    pages = Pages(site, ROOT / "site")
    shown = {path: page.body for path, page in pages.single().items()}
    models = [model_data(site, site.whole(entry)) for entry in site.tree.entries]
    shown |= {data["slug"]: pages.model(data, Markup("")).body for data in models}
    marked = {path for path, body in shown.items() if ">trained here<" in (body or "")}
    assert marked == {"tasks/starter_choice/index.md", "starter--small"}


def test_the_page_of_a_task_tells_what_is_odd_about_its_items(site):
    task = load_task("winogrande")
    kept = {row["name"]: row for row in findings(site, task)}
    assert kept["near"]["flagged"] and kept["near"]["unit"] == "items"
    assert kept["longest"]["unit"] == "share" and kept["places"]["unit"] == "p"
    page = Renderer(site, ROOT / "site", read_words(ROOT / "site/words", "en"))(
        "task.html", "tasks/winogrande/index.md", task=task_data(site, "winogrande")
    )
    assert "nearly the same as another item" in page and "to look at" in page
    assert f"{kept['near']['value']:.0f} items" in page


def test_what_a_task_is_asked_again_stands_apart_and_is_named(site):
    render = Renderer(site, ROOT / "site", read_words(ROOT / "site/words", "en"))
    data = task_data(site, "starter_choice")
    ways = [("starter_choice_gender", "gender"), ("starter_choice_no_question", "no_question")]
    assert [(found["task"], found["how"]) for found in data["again"]] == ways
    page = render("task.html", "tasks/starter_choice/index.md", task=data)
    assert all(f'href="../../tasks/{task}/">' in page for task, _ in ways)
    assert task_data(site, "starter_choice_gender")["again"] == []
    tasks, again = render("tasks.html", "tasks/index.md", tasks=tasks_data(site)).split(
        'id="again"'
    )
    assert tasks.count("starter_choice") == 1
    assert again.count("starter_choice") == 2


def test_the_page_of_a_task_shows_an_item_to_the_letter(site):
    def page_of(name):
        return Renderer(site, ROOT / "site", read_words(ROOT / "site/words", "en"))(
            "task.html", f"tasks/{name}/index.md", task=task_data(site, name)
        )

    (ask,) = sample_of("gsm8k")["asks"]
    (shown,) = re.findall(r"<pre[^>]*><code[^>]*>(.*?)</code></pre>", page_of("gsm8k"), re.DOTALL)
    plain = unescape(re.sub(r"</?span[^>]*>", "", shown))
    assert plain == ask["description"] + ask["shots"] + ask["question"]
    assert "An item invented for this page" in page_of("gsm8k")
    assert "generated in code" in page_of("starter_choice")
    assert "and 143 more" in page_of("clinc150")
    assert page_of("winogrande").count('class="b-prompt"') == 2


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_page_renders_of_a_board_with_decisions_and_failures(site, language):
    pages = Pages(site, ROOT / "site", language)
    models = {
        e.submission.id: pages.model(model_data(site, site.whole(e)), Markup())
        for e in site.tree.entries
    }
    told = models["baseline/random"].body
    assert 'class="b-decision"' in told and 'id="attempts"' in told
    assert "queue/index.md" in pages.single() and pages.embed()


def test_the_page_of_a_model_tells_reproductions_stale_results_and_attempts(tree):
    made_board.write_repeat(tree, "starter/small", "starter_choice", "01234567")
    made_board.write_repeat(tree, "starter/small", "starter_choice", "fedcba98", stale=True)
    attempts = tree / "starter/small/attempts"
    attempts.mkdir()
    for day, (task, state) in enumerate([("mmlu", "timeout"), ("bbh", "too-long")]):
        facts = {"schema": 1, "submission": "starter/small", "task": task, "key": "01" * 32}
        facts |= {"state": state, "reason": f"because {day}", "when": f"2026-11-2{day}T00:00:00Z"}
        (attempts / f"{str(day) * 12}-1.json").write_text(json.dumps(facts))
    site = read_site(tree)
    entry = next(e for e in site.tree.entries if e.submission.id == "starter/small")
    data = model_data(site, site.whole(entry))
    told = [(row["name"], row["state"], row["off"]) for row in data["repeats"]]
    assert told == [("01234567", "reproduces", 0), ("fedcba98", "stale", None)]
    body = Pages(site, ROOT / "site", "en").model(data, Markup("")).body
    assert body.count('class="b-stale"') == 1 and ">reproduces<" in body and ">stale<" in body
    assert body.index("MMLU") > body.index("because 1") > body.index("too long")
    assert "timed out" in body and "too long" in body


def test_lists_need_no_more_of_a_result_than_is_held_in_memory(repository, site):
    root = repository / "submissions"
    tree = read_tree(root)
    rankings = {name: rank(tree, suite) for name, suite in tree.board.suites.items()}
    whole = gather(root, tree, rankings, list(site.changes), lambda entry: entry)
    assert whole.rows == site.rows and queue_data(whole) == queue_data(site)
    assert list(score_rows(whole)) == list(score_rows(site))
    assert tasks_data(whole) == tasks_data(site) and method_data(whole) == method_data(site)
    assert dict(item_names(whole)) == dict(item_names(site)) != {}
    for here, there in zip(whole.tree.entries, site.tree.entries, strict=True):
        assert model_data(whole, here) == model_data(site, site.whole(there))


def test_a_record_in_a_template_gives_its_parts_and_keeps_its_methods(site):
    """A suite may be called `items` or `keys`: looping over suites must go on."""
    render = Renderer(site, ROOT / "site", read_words(ROOT / "site/words", "en"))
    template = render.environment.from_string(
        "{{ r.value }} {{ r.at }}{% for name, n in r.items() %} {{ name }}={{ n }}{% endfor %}"
    )
    assert template.render(r={"value": 1, "at": 2, "items": 3}) == "1 2 value=1 at=2 items=3"
    with pytest.raises(UndefinedError):
        render.environment.from_string("{{ r.missing }}").render(r={"value": 1})


def test_a_page_of_the_manual_is_told_by_its_first_paragraph():
    notice = '<div class="admonition note">\n<p class="t">N</p>\n<p>Not translated.</p>\n</div>'
    assert lead_of(f'{notice}<p>Say "a &lt; b"\nin <code>code</code>.</p><p>More</p>') == (
        "Say &quot;a &lt; b&quot; in code."
    )
    assert lead_of("<h1>None</h1>") == ""
    assert lead_of(f"<p>{'word ' * 90}</p>") == "word " * 39 + "…"
    assert lead_of("<p>" + "\u4e2d" * 300 + "</p>") == "\u4e2d" * 198 + " …"
