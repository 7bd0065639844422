"""The thin seam between MkDocs and the project.

Pages and downloads come from evaluator.board.publish, reference pages from evaluator.reference.
"""

from __future__ import annotations

import os
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

from evaluator import reference
from evaluator.board.publish.pages import Rendered, render_site
from evaluator.core.errors import EvaluatorError

HERE = Path(__file__).parent
SUBMISSIONS = Path(os.environ.get("EVALUATOR_SUBMISSIONS", HERE.parent / "submissions"))
rendered: dict[str, Rendered] = {}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add generated pages, downloads and the assets of the theme."""
    rendered.clear()
    try:
        rendered.update(render_site(SUBMISSIONS, HERE / "templates"))
    except EvaluatorError as error:
        raise PluginError(f"{SUBMISSIONS} is not in order:\n{error}") from None
    rendered.update(
        {path: Rendered(content=text, in_nav=True) for path, text in reference.pages().items()}
    )
    for path, page in rendered.items():
        if files.get_file_from_path(path) is None:
            level = InclusionLevel.UNDEFINED if page.in_nav else InclusionLevel.NOT_IN_NAV
            content = page.content if page.body is None else page.front
            files.append(File.generated(config, path, content=content, inclusion=level))
    for asset in sorted((HERE / "assets").iterdir()):
        path = f"assets/{asset.name}"
        files.append(File.generated(config, path, abs_src_path=str(asset)))
    return files


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Put the rendered body where the page's text leaves room for it."""
    found = rendered.get(page.file.src_uri)
    if found is None or found.body is None:
        return html
    return html + found.body
