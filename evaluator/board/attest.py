"""Signatures over results: who vouches that the board's own runner wrote these bytes.

A signature covers a list in the form of `sha256sum`, so that it can be checked without this
package, in the folder submissions/:

    sha256sum -c attestations/0123456789ab.sums
    ssh-keygen -Y verify -f allowed_signers -I SIGNER -n results@open-llm-leaderboard \
        -s attestations/0123456789ab.sums.sig < attestations/0123456789ab.sums

Keys are those of ssh: `allowed_signers` says who may sign, and from when until when, in the form of
ssh-keygen(1). A key that is no longer used gets a `valid-before`; its line is never removed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from evaluator.core.errors import EvaluatorError, Fault
from evaluator.core.files import sha256, sha256_file, write_atomic

FOLDER = "attestations"
"""Folder below submissions/ that holds lists and signatures."""
SIGNERS = "allowed_signers"
"""File below submissions/ that says who may sign."""
NAMESPACE = "results@open-llm-leaderboard"
"""What a signature is for: one made for another purpose does not count here."""
WORKFLOW = "# workflow: "
SIGNABLE = re.compile(
    r"[^/\s]+/[^/\s]+/results/[^/\s]+/[^/\s]+/[0-9a-f]{8}(\.s[0-9]+)?\.json(?![\s\S])"
)
"""Results alone are signed: each names the hashes of all that went into it."""
MAX_BYTES = 4 * 1024 * 1024
"""Longest list that is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation:
    """One list of results with a signature that holds."""

    path: str
    """The list, relative to the folder submissions/."""
    signer: str
    """Who signed, as `allowed_signers` names them."""
    workflow: str
    """Address of the run that signed, '' if it names none."""
    results: Mapping[str, str]
    """Path of a result below submissions/ -> sha256 of its bytes."""


def sign_results(root: Path, paths: Iterable[str], key: Path, workflow: str = "") -> Path:
    """Sign results as they stand; the list is named by its own hash, so a repeat changes nothing.

    Args:
        root: the folder submissions/.
        paths: results, relative to it.
        key: a private ssh key without a passphrase, or the public half of one that ssh-agent holds.
        workflow: address of the run that vouches for them.

    Returns:
        The list; its signature stands beside it with `.sig` added. Both are to be committed.

    Raises:
        EvaluatorError: no result, a path that is no result, or a key that cannot sign.
    """
    names = sorted(set(paths))
    wrong = [n for n in names if not SIGNABLE.match(n) or not (root / n).is_file()]
    if wrong or not names:
        told = f"{wrong[0]} is no result" if wrong else "no result is named"
        raise EvaluatorError(f"{told}: sign files <org>/<model>/results/<task>/<key>/<run>.json")
    if re.search(r"\s", workflow):
        raise EvaluatorError(f"{workflow!r} is no address of a workflow run")
    head = f"{WORKFLOW}{workflow}\n" if workflow else ""
    lines = [f"{sha256_file(root / name)}  {name}\n" for name in names]
    data = (head + "".join(lines)).encode()
    target = root / FOLDER / f"{sha256(data)[:12]}.sums"
    signature = _keygen("sign", "-q", "-n", NAMESPACE, "-f", str(key), stdin=data)
    write_atomic(target.with_name(f"{target.name}.sig"), signature)
    write_atomic(target, data)
    return target


def verify_results(
    root: Path, days: Mapping[str, str] | None = None
) -> tuple[list[Attestation], list[Fault]]:
    """Verify every signature below `root` and every hash that one of them covers.

    Args:
        root: the folder submissions/.
        days: list below `root` -> day of its commit, YYYY-MM-DD: a key must have been valid then.
            Lists that are not named were made today.

    Returns:
        The lists whose signatures hold, and every fault: paths are below `root`.
    """
    held: list[Attestation] = []
    faults: list[Fault] = []
    for path in sorted((root / FOLDER).glob("*")):
        below = path.relative_to(root).as_posix()
        try:
            if path.suffix == ".sig" and path.with_suffix("").is_file():
                continue
            found = _verify(root, path, (days or {}).get(below, ""))
        except EvaluatorError as error:
            faults.append(Fault(below, 0, "", str(error)))
            continue
        held.append(found)
        faults += _differing(root, found)
    return held, faults


def signed_by(attestations: Iterable[Attestation]) -> dict[str, Attestation]:
    """Return path of a result below submissions/ -> the first attestation that covers it."""
    found: dict[str, Attestation] = {}
    for attestation in attestations:
        for path in attestation.results:
            found.setdefault(path, attestation)
    return found


def _verify(root: Path, path: Path, day: str) -> Attestation:
    """Return the attestation of one list.

    Raises:
        EvaluatorError: not a list, or no signature of a known key over it.
    """
    if path.suffix != ".sums" or path.is_symlink() or not path.is_file():
        raise EvaluatorError("not expected here; known: <hash>.sums with its <hash>.sums.sig")
    if path.stat().st_size > MAX_BYTES:
        raise EvaluatorError(f"more than {MAX_BYTES} bytes: no list of results")
    data = path.read_bytes()
    if path.stem != sha256(data)[:12]:
        raise EvaluatorError(f"must be named {sha256(data)[:12]}.sums after its own hash")
    workflow, results = _parse(data)
    signer = _find_signer(root, path, data, day)
    return Attestation(
        path=path.relative_to(root).as_posix(), signer=signer, workflow=workflow, results=results
    )


def _parse(data: bytes) -> tuple[str, dict[str, str]]:
    """Return (workflow, path -> sha256) of a list."""
    try:
        lines = data.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise EvaluatorError("not text as sha256sum writes it") from None
    workflow = lines.pop(0).removeprefix(WORKFLOW) if lines[0].startswith(WORKFLOW) else ""
    results: dict[str, str] = {}
    for number, line in enumerate(lines[:-1], 1):
        digest, _, name = line.partition("  ")
        if not re.fullmatch(r"[0-9a-f]{64}", digest) or not SIGNABLE.match(name):
            raise EvaluatorError(f"entry {number} is not '<sha256>  <path of a result>'")
        results[name] = digest
    if lines[-1] or not results:
        raise EvaluatorError("ends in the middle of a line" if lines[-1] else "names no result")
    return workflow, results


def _find_signer(root: Path, path: Path, data: bytes, day: str) -> str:
    """Return who signed a list with a key that was valid on that day."""
    signers, signature = root / SIGNERS, path.with_name(f"{path.name}.sig")
    for file in (signers, signature):
        if not file.is_file() or file.is_symlink():
            raise EvaluatorError(f"cannot be verified: {file.name} is missing")
    when = ("-O", f"verify-time={day.replace('-', '')}Z") if day else ()
    known = ("-f", str(signers), "-s", str(signature))
    try:
        signer = _keygen("find-principals", *known, *when).decode().split("\n")[0]
        _keygen("verify", "-I", signer, "-n", NAMESPACE, *known, *when, stdin=data)
    except EvaluatorError as error:
        raise EvaluatorError(
            f"no key that {SIGNERS} allows{f' on {day}' if day else ''} signed this: {error}"
        ) from None
    return signer


def _differing(root: Path, found: Attestation) -> list[Fault]:
    """Return results that are not, or no longer, what was signed."""
    faults = []
    for name, digest in found.results.items():
        file = root / name
        if file.is_symlink() or not file.is_file():
            faults.append(Fault(name, 0, "", f"is missing, but {found.signer} signed it"))
        elif sha256_file(file) != digest:
            message = f"differs from what {found.signer} signed in {found.path}"
            faults.append(Fault(name, 0, "", message))
    return faults


def _keygen(action: str, *words: str, stdin: bytes = b"") -> bytes:
    """Run `ssh-keygen -Y` and return what it printed.

    Raises:
        EvaluatorError: it is not installed, or says no.
    """
    program = shutil.which("ssh-keygen")
    if program is None:
        raise EvaluatorError("ssh-keygen is not installed: install the OpenSSH client")
    done = subprocess.run(
        [program, "-Y", action, *words],
        input=stdin,
        capture_output=True,
        check=False,
        env={**os.environ, "LC_ALL": "C"},
        timeout=60,
    )
    if done.returncode:
        said = (done.stderr or done.stdout).decode(errors="replace").strip().split("\n")[-1]
        raise EvaluatorError(f"ssh-keygen says: {said or 'no'}")
    return done.stdout
