"""Publish: the repository -> what the site shows. The same tree gives the same bytes.

    submissions/, git -> site.read_site -> Site
    Site -> rows, suite, model, task -> plain values, which pages show and downloads hold
    values -> pages, through templates of site/ -> HTML bodies that MkDocs puts into its theme
    build: all of it, from the command line

A page and the file that it offers for download are made from the same values, so they never differ.
"""

from evaluator.board.publish.rows import ranking_data
from evaluator.board.publish.site import Site, read_site

__all__ = ["Site", "ranking_data", "read_site"]
