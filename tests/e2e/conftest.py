"""The fixture of a real repository, for all tests of this folder."""

from conftest_e2e import repository

__all__ = ["repository"]
