"""How the help of a verb is written."""

from __future__ import annotations

import re
from typing import Any

from typer.core import TyperCommand

TYPE = re.compile(r" <\S+>$")
"""The type of Python that typer puts behind the name of an argument."""


class Verb(TyperCommand):
    """A command whose help names arguments and options by what one types, never by a type."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the sections of arguments and of options."""
        parts = self.get_params(ctx)
        for heading, kind in (("Arguments", "argument"), ("Options", "option")):
            of_kind = [part.get_help_record(ctx) for part in parts if part.param_type_name == kind]
            rows = [(TYPE.sub("", row[0]), row[1]) for row in of_kind if row]
            if rows:
                with formatter.section(heading):
                    formatter.write_dl(rows)
