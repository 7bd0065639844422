"""The thin seam between MkDocs and the project.

Pages and downloads come from evaluator.board.publish, reference pages from evaluator.reference.
"""

from __future__ import annotations

import os
from pathlib import Path

from markupsafe import escape
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page
from mkdocs.utils.templates import TemplateContext

from evaluator import reference
from evaluator.board.publish import read_site
from evaluator.board.publish.colours import accents
from evaluator.board.publish.finish import finish_page, finish_site, from_root
from evaluator.board.publish.pages import Pages
from evaluator.board.publish.rendered import Rendered, lead_of
from evaluator.board.publish.stamp_models import Built
from evaluator.board.publish.translate import (
    addresses,
    told_apart,
    translated_nav,
    untranslated,
)
from evaluator.board.publish.words import FIRST
from evaluator.core.errors import EvaluatorError
from evaluator.core.trees import tree_of

HERE = Path(__file__).parent
ENGLISH = HERE.parent / "docs/en"
SUBMISSIONS = Path(os.environ.get("EVALUATOR_SUBMISSIONS") or tree_of(HERE.parent))
rendered: dict[str, Rendered] = {}
shells: dict[str, str] = {}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Read the tree, unless the command that builds the site has read it already."""
    try:
        site = config.extra.get("site") or read_site(SUBMISSIONS)
    except EvaluatorError as error:
        raise PluginError(f"{SUBMISSIONS} is not in order:\n{error}") from None
    config.extra["site"] = site
    config.site_name = escape(site.tree.board.title)  # the theme prints both as they are
    if not site.tree.board.public:
        config.use_directory_urls = False  # addresses of files hold without a server too
    if site.tree.board.colour:
        config.extra["colours"] = accents(site.tree.board.colour)
    language = str(config.theme["language"])
    pages = Pages(site, HERE, language, directories=config.use_directory_urls)
    config.extra["pages"] = pages
    config.site_description = escape(pages.words.say(site.tree.board.summary))
    config.nav = translated_nav(config.nav, pages.words)
    config.mdx_configs["toc"]["permalink_title"] = pages.words("theme.permalink")
    for palette in config.theme["palette"]:
        palette["toggle"]["name"] = pages.words(f"theme.{palette['scheme']}")
    built = config.extra.setdefault("built", [language])  # plain `mkdocs build` makes one alone
    config.extra["alternate"] = len(built) > 1  # true, no list: site/overrides/ writes the links
    config.extra["preview"] = ""
    config.extra["languages"] = []  # the page of lost visitors does not know where it stands
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add generated pages, downloads and the assets of the theme."""
    shells.clear()
    rendered.clear()
    rendered.update(config.extra["pages"].single())
    rendered.update(
        {
            path: Rendered(content=text, in_nav=True)
            for path, text in reference.pages(config.extra["pages"].words).items()
        }
    )
    for path in untranslated(ENGLISH, Path(config.docs_dir)):
        files.append(File.generated(config, path, abs_src_path=str(ENGLISH / path)))
    for path, page in rendered.items():
        if files.get_file_from_path(path) is None:
            level = InclusionLevel.UNDEFINED if page.in_nav else InclusionLevel.NOT_IN_NAV
            content = page.content if page.body is None else page.front
            files.append(File.generated(config, path, content=content, inclusion=level))
    for asset in sorted((HERE / "assets").rglob("*.*")):
        path = f"assets/board/{asset.relative_to(HERE / 'assets').as_posix()}"
        if asset.suffix == ".css":
            style = config.extra["pages"].words.styled(asset.read_text("utf-8"))
            files.append(File.generated(config, path, content=style))
        else:
            files.append(File.generated(config, path, abs_src_path=str(asset)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Say on a page of the manual that it is not translated, or no longer up to date."""
    words = config.extra["pages"].words
    path = page.file.src_uri
    if words.language == FIRST or not (ENGLISH / path).is_file():
        return markdown
    return told_apart(markdown, path, page.meta.get("translates"), ENGLISH, words)


def on_page_context(
    context: TemplateContext, page: Page, config: MkDocsConfig, nav: Navigation
) -> None:
    """Let the switch of languages lead to the same page; name its picture and its one address."""
    pages = config.extra["pages"]
    config.extra["preview"] = pages.preview(page.file.src_uri)
    page.canonical_url = pages.address(page.url)
    if len(config.extra["built"]) > 1:
        language = pages.words.language
        config.extra["languages"] = addresses(config.extra["built"], language, page.url)


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Put the rendered body where the page's text leaves room; say what a page is about."""
    found = rendered.get(page.file.src_uri)
    if lead := lead_of(html):
        page.meta.setdefault("description", lead)
    return html if found is None or found.body is None else html + found.body


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Mend the theme's faults, forbid what is not ours, and keep shells for their copies."""
    output = finish_page(output, config.extra["pages"])
    if "/SHELL/" in page.file.src_uri:
        shells[page.file.src_uri] = output
        return ""
    return output


def on_post_template(output_content: str, template_name: str, config: MkDocsConfig) -> str:
    """Treat the page of a lost visitor like all others."""
    if not template_name.endswith(".html"):
        return output_content
    pages = config.extra["pages"]
    return finish_page(from_root(output_content, pages.site.tree.board), pages)


@event_priority(-100)  # after the search plugin has written its index
def on_post_build(config: MkDocsConfig) -> None:
    """Write what MkDocs does not, or leave that to who builds more than one language."""
    built = Built(pages=config.extra["pages"], shells=dict(shells), to=Path(config.site_dir))
    if "later" in config.extra:
        config.extra["later"].append(built)
    else:
        finish_site([built])
