"""Attestations that GitHub keeps: did the board's own workflow on main make these bytes?

Only GitHub can be asked, with `gh attestation verify`, so this is part of the weekly look and needs
a network. What it has verified is compared here field by field as well: another repository, the ref
of a pull request, another workflow and a machine that is not GitHub's own can all have a signature
that holds. Fields are those of the certificate that `--format json` prints
(https://cli.github.com/manual/gh_attestation_verify).
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from evaluator.core.errors import EvaluatorError, Fault
from evaluator.core.files import Json, parse_json, sha256_file

BRANCH = "refs/heads/main"
WORKFLOW = ".github/workflows/evaluate.yml"
TIMEOUT_SECONDS = 60
REFUSED = ("no attestations found", "verif", "HTTP 404")
"""What gh says when it was answered and nothing holds; anything else is a fault of the look."""


def unattested(root: Path, names: Iterable[str], server: str, repository: str) -> list[Fault]:
    """Return a fault for each file that the board's workflow does not vouch for.

    Args:
        root: the folder submissions/.
        names: results, relative to it.
        server: https address of the forge.
        repository: <owner>/<name>.

    Raises:
        EvaluatorError: gh is not installed, or GitHub does not answer.
    """
    wanted = certificate_of(server, repository)
    faults = []
    for name in names:
        reason = _why_not(root / name, wanted, repository)
        if reason:
            faults.append(Fault(name, 0, "", f"GitHub does not vouch for it: {reason}"))
    return faults


def certificate_of(server: str, repository: str) -> dict[str, str]:
    """Return what a certificate of the board's workflow says."""
    home = f"{server}/{repository}"
    return {
        "sourceRepositoryURI": home,
        "sourceRepositoryRef": BRANCH,
        "buildSignerURI": f"{home}/{WORKFLOW}@{BRANCH}",
        "runnerEnvironment": "github-hosted",
    }


def _why_not(path: Path, wanted: dict[str, str], repository: str) -> str:
    """Return why no attestation of a file holds; '' if one does."""
    try:
        done = subprocess.run(
            ["gh", "attestation", "verify", str(path), "--repo", repository,
             "--signer-workflow", f"{repository}/{WORKFLOW}", "--source-ref", BRANCH,
             "--deny-self-hosted-runners", "--format", "json"],
            capture_output=True, text=True, check=False, timeout=TIMEOUT_SECONDS,
            env={**os.environ, "NO_COLOR": "1", "LC_ALL": "C"},
        )  # fmt: skip
    except FileNotFoundError:
        raise EvaluatorError("gh is not installed: see https://cli.github.com") from None
    except subprocess.TimeoutExpired:
        raise EvaluatorError(f"gh did not answer in {TIMEOUT_SECONDS} s") from None
    if done.returncode:
        said = (done.stderr.strip() or "no").split("\n")[-1][:200]
        if not any(word in said for word in REFUSED):
            raise EvaluatorError(f"gh attestation verify: {said}")
        return said
    reasons = [_differing(path, found, wanted) for found in _read(done.stdout)]
    return "" if "" in reasons else (reasons or ["it has no attestation"])[0]


def _read(text: str) -> list[Json]:
    """Return what gh has verified."""
    try:
        found = [entry["verificationResult"] for entry in parse_json(text.encode())]
    except (ValueError, KeyError, TypeError):
        raise EvaluatorError("gh attestation verify: no JSON that is known here") from None
    return found


def _differing(path: Path, found: Json, wanted: dict[str, str]) -> str:
    """Return how a verified attestation is not the board's own; '' if it is."""
    try:
        certificate = found["signature"]["certificate"]
        subjects = {subject["digest"]["sha256"] for subject in found["statement"]["subject"]}
    except (KeyError, TypeError):
        return "its attestation has another form than known here"
    if sha256_file(path) not in subjects:
        return "its attestation is about other bytes"
    for field, value in wanted.items():
        if certificate.get(field) != value:
            return f"{field} is {certificate.get(field, 'missing')!r}, must be {value!r}"
    return ""
