"""The fixtures of real repositories, a built site and a browser, for all tests of this folder."""

from conftest_e2e import browser, repository, serve, site

__all__ = ["browser", "repository", "serve", "site"]
