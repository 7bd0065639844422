"""Which files a model is, fixed to the byte: submission -> manifest {file: sha256, bytes}.

The manifest stands in `lock.json` beside the submission once it has been taken; from then on every
load is checked against it.
"""

from __future__ import annotations

from pathlib import Path

from evaluator.backends.scripted import POLICY_VERSION
from evaluator.backends.template import NONE, ONE_TURN, find_template
from evaluator.core.errors import DocumentError, ModelError, reason_of
from evaluator.core.files import (
    hash_json,
    parse_json,
    pretty_bytes,
    read_plain,
    sha256,
    sha256_file,
    write_atomic,
)
from evaluator.core.records import Submission

Manifest = dict[str, dict[str, str | int]]
"""File -> {sha256, bytes}."""

TEMPLATE = "template:chat"
"""Entry of the chat template that prompts go through, wherever it stands in the files."""

FILES = (
    "config.json",
    "generation_config.json",
    "model.onnx",
    "model.onnx.data",
    "model.safetensors",
    "model.safetensors.index.json",
    "model-*-of-*.safetensors",
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer_config.json",
    "chat_template.jinja",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "vocab.txt",
    "merges.txt",
)
"""The files a model is loaded from; nothing else is ever downloaded."""


ADAPTER_FILES = ("adapter_config.json", "adapter_model.safetensors")
"""The files an adapter is loaded from."""


def model_folder(submission: Submission, home: Path) -> Path:
    """Return the folder that holds the model's files, downloading them from the hub if need be.

    Args:
        submission: the model.
        home: the submission's own folder.

    Raises:
        ModelError: no such folder, no network, no such revision.
    """
    if submission.kind in ("scripted", "served"):
        return home
    if submission.folder:
        folder = home / submission.folder
        if not folder.is_dir():
            raise ModelError(f"{folder}: no such folder, but the submission says folder: weights")
        return folder
    return _fetch(submission.id, submission.repo, submission.revision, FILES)


def _fetch(name: str, repo: str, revision: str, files: tuple[str, ...]) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        path = snapshot_download(repo, revision=revision, allow_patterns=list(files))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        raise ModelError(
            f"{name}: cannot fetch {repo} at {revision[:12]}: {reason_of(error)}"
        ) from None
    return Path(path)


def _hashed(path: Path) -> dict[str, str | int]:
    return {"sha256": sha256_file(path), "bytes": path.stat().st_size}


def adapter_folder(submission: Submission, home: Path) -> Path | None:
    """Return the folder of the adapter's files, downloaded if need be; None without an adapter.

    Raises:
        ModelError: no such folder, no network, no such revision.
    """
    repo, on_hub, revision = submission.adapter.partition("@")
    if on_hub:
        return _fetch(submission.id, repo, revision, ADAPTER_FILES)
    if not submission.adapter:
        return None
    folder = home / submission.adapter
    if not folder.is_dir():
        raise ModelError(f"{folder}: no such folder, but the submission has an adapter there")
    return folder


def read_manifest(submission: Submission, folder: Path, adapter: Path | None = None) -> Manifest:
    """Return the manifest of the files in `folder` and of an adapter, hashed now.

    Raises:
        ModelError: a model folder without any file of a model.
    """
    if submission.kind == "scripted":
        rule = f"{submission.policy}@{POLICY_VERSION}"
        return {f"policy:{submission.policy}": {"sha256": hash_json(rule), "bytes": 0}}
    if submission.kind == "served":
        asked = [submission.provider, submission.name, submission.answers]
        name = f"served:{submission.provider}/{submission.name}"
        return {name: {"sha256": hash_json(asked), "bytes": 0}}
    found: Manifest = {}
    for pattern in FILES:
        for path in sorted(folder.glob(pattern)):
            found[path.name] = _hashed(path)
    for path in [adapter / name for name in ADAPTER_FILES] if adapter else []:
        if path.is_file():
            found[f"adapter/{path.name}"] = _hashed(path)
    if not found:
        raise ModelError(f"{folder}: holds none of {', '.join(FILES[:3])}")
    if submission.chat_template not in ("", NONE):
        text = find_template(folder).encode()
        found[TEMPLATE] = {"sha256": sha256(text), "bytes": len(text)}
    return found


def template_of(submission: Submission, manifest: Manifest) -> str:
    """Return what a key and a result name: none, or which template prompts go through, and how."""
    if submission.chat_template in ("", NONE):
        return submission.chat_template
    told = str(manifest[TEMPLATE]["sha256"])
    return f"one-turn:{told}" if submission.chat_template == ONE_TURN else told


def lock_model(submission: Submission, home: Path, *, write: bool) -> tuple[Path, Manifest]:
    """Return (folder, manifest) of a model, checked against `lock.json`.

    `write`: make the lock if there is none yet; what a full run does, and a trial run does not.

    Raises:
        ModelError: a file differs from the lock; names every such file.
    """
    folder = model_folder(submission, home)
    manifest = read_manifest(submission, folder, adapter_folder(submission, home))
    path = home / "lock.json"
    if not path.exists():
        if write:
            write_atomic(path, lock_bytes(manifest))
        return folder, manifest
    locked = read_lock(path)
    if differing := differing_files(locked, manifest):
        raise ModelError(
            f"{path}: {', '.join(differing)} differ from what was locked. A model cannot change "
            "under its results: restore the files, or submit them as a new folder."
        )
    return folder, manifest


def lock_bytes(manifest: Manifest) -> bytes:
    """Return the content of a `lock.json`."""
    return pretty_bytes({"schema": 1, "manifest": manifest})


def differing_files(locked: Manifest, found: Manifest) -> list[str]:
    """Return the names of files that are not the same in two manifests, sorted."""
    return sorted(n for n in locked.keys() | found.keys() if locked.get(n) != found.get(n))


def read_lock(path: Path) -> Manifest:
    """Return the manifest in a `lock.json`.

    Raises:
        ModelError: not such a file.
    """
    try:
        value = parse_json(read_plain(path))
    except DocumentError as error:
        raise ModelError(f"{error}; `evaluator run` writes it") from None
    except ValueError as error:
        raise ModelError(f"{path}: not a lock file: {error}") from None
    found = value.get("manifest") if isinstance(value, dict) else None
    if not isinstance(found, dict) or not all(map(_is_hashed, found.values())):
        raise ModelError(f"{path}: not a lock file: no manifest of files with sha256 and bytes")
    manifest: Manifest = found
    return manifest


def _is_hashed(facts: object) -> bool:
    if not isinstance(facts, dict) or facts.keys() != {"sha256", "bytes"}:
        return False
    return isinstance(facts["sha256"], str) and isinstance(facts["bytes"], int)
