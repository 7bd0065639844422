"""The weekly look on the forge: nothing of an honest board, an issue for a forged number."""

from __future__ import annotations

import hashlib

import pytest

from .conftest import World


def kept(world: World, name: str) -> list[str]:
    """Return the results of a submission that GitHub keeps an attestation of."""
    held = {path.name for path in world.forge.attestations.iterdir()}
    found = []
    for path in world.results(name):
        if hashlib.sha256(world.forge.show(path).encode()).hexdigest() in held:
            found.append(path)
    return found


@pytest.mark.heavy
def test_a_number_that_the_workflow_did_not_make_is_found(world: World) -> None:
    forge = world.forge
    forge.vars["ATTEST"] = "github"
    forge.image |= {"EVALUATOR_GIT": (forge.folder / "nowhere").as_uri()}
    forge.played = (*forge.played, "refresh.yml")
    run = forge.merge(world.submit())["evaluate.yml"]
    assert run.result == "success", run.log
    assert kept(world, "acme/tiny") == world.results("acme/tiny") != []

    week = forge.tick("refresh.yml")
    assert week.result == "success", week.log
    assert forge.server.issues == [] and forge.server.refused == []
    assert "nothing found" in week.summary
    assert "cannot be asked for its newest commit" in week.log, "sources that are silent are told"

    (path, *_) = world.results("acme/tiny")
    digest = hashlib.sha256(forge.show(path).encode()).hexdigest()
    (forge.attestations / digest).unlink()  # as if somebody had pushed it by hand
    week = forge.tick("refresh.yml")
    assert week.results["audit"] == "failure"
    (issue,) = forge.server.issues
    assert issue["title"] == "The audit has findings"
    assert "GitHub does not vouch for it" in issue["body"].replace("\\", "")
    assert path.removeprefix("submissions/") in issue["body"].replace("\\", "")
