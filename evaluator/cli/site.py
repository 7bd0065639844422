"""evaluator site: the website."""

from __future__ import annotations

import contextlib
import shlex
from pathlib import Path
from typing import Annotated

import typer

from evaluator.cli.options import TREE, TreeOption, must_be_tree
from evaluator.cli.show import out
from evaluator.core.errors import counted

app = typer.Typer(help="The website.", no_args_is_help=True)
SITE = Path("build/site")


@app.command("build")
def site_build(
    tree: TreeOption = TREE,
    to: Annotated[
        Path, typer.Option(help="Folder to build into; it is wiped.", metavar="FOLDER")
    ] = SITE,
) -> None:
    """Build the website from the tree. A warning of MkDocs is a failure."""
    from evaluator.board.publish.build import build_site

    must_be_tree(tree)
    for told in build_site(Path.cwd(), tree, to):
        out.print(told, markup=False)
    pages = sum(1 for _ in to.rglob("*.html"))
    serve = f"evaluator site serve{'' if to == SITE else f' {shlex.quote(str(to))}'}"
    out.print(f"{counted(pages, 'page')} in {to}; `{serve}` shows them")


@app.command("serve")
def site_serve(
    folder: Annotated[
        Path, typer.Argument(help="Folder of a built site.", metavar="FOLDER")
    ] = SITE,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="0 takes any free port.", metavar="N")
    ] = 8000,
) -> None:
    """Serve a built website on localhost until interrupted."""
    from evaluator.board.publish.build import serve_site

    server = serve_site(folder, port)
    out.print(f"http://127.0.0.1:{server.server_port}/  (Ctrl-C ends it)")
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()
