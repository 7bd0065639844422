"""Build the site in every language from a tree that is read once; a process of its own.

MkDocs keeps its state in its process and its warnings in the log, so `build_site` starts this:
python -m evaluator.board.publish.every_language REPOSITORY SUBMISSIONS TO
"""

from __future__ import annotations

import gc
import logging
import sys
from pathlib import Path

from mkdocs.commands.build import build
from mkdocs.config import load_config

from evaluator.board.publish.finish import finish_site
from evaluator.board.publish.site import Site, read_site
from evaluator.board.publish.stamp_models import Built
from evaluator.board.publish.words import FIRST, LANGUAGES
from evaluator.core.errors import EvaluatorError

CONFIGURATIONS = {code: f"site/mkdocs.{code}.yml" for code in LANGUAGES} | {FIRST: "mkdocs.yml"}


def main(repository: str, submissions: str, to: str) -> None:
    """Build all languages; warnings are failures."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    logging.getLogger("jieba").disabled = True  # tells that it reads its dictionary
    try:
        site = read_site(Path(submissions))
    except EvaluatorError as error:
        sys.exit(f"{submissions} is not in order:\n{error}")
    try:
        build_languages(Path(repository), site, Path(to), list(LANGUAGES))
    except OSError as error:  # of the disk: full, or not to be written to
        sys.exit(f"{error.filename}: {error.strerror}")


def build_languages(repository: Path, site: Site, to: Path, languages: list[str]) -> None:
    """Let MkDocs build each language, then write what it leaves undone, for all at once.

    What was read stays until the end: looking through it for garbage is left out, which takes
    seconds of a large board.
    """
    gc.freeze()
    builds: list[Built] = []
    for code in languages:  # the first wipes the folder of all
        target = to if code == FIRST else to / code
        path = repository / CONFIGURATIONS[code]
        config = load_config(str(path), strict=True, site_dir=str(target))
        config.extra |= {"site": site, "built": languages, "later": builds}
        config.plugins.on_startup(command="build", dirty=False)
        build(config)
        config.plugins.on_shutdown()
    finish_site(builds)
    gc.unfreeze()


if __name__ == "__main__":
    main(*sys.argv[1:])
