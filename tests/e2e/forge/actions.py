"""The actions our workflows use, played on this machine: a small table, one function each.

Each takes the job and the step's `with`, and returns the step's outputs. What differs from GitHub:
an attestation is signed with the forge's own ssh key; setup-python finds the image's Python.
"""

from __future__ import annotations

import fnmatch
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from .expressions import Unsupported

if TYPE_CHECKING:
    from .job import Job

Outputs = dict[str, str]


def checkout(job: Job, given: dict[str, str]) -> Outputs:
    """Clone the repository at a ref, shallow unless asked otherwise, without credentials."""
    if given.get("persist-credentials") != "false":
        raise Unsupported("checkout that leaves credentials behind")
    known = {"persist-credentials", "ref", "path", "fetch-depth"}
    if unknown := given.keys() - known:
        raise Unsupported(f"checkout with {sorted(unknown)}")
    if "read" not in job.permissions.get("contents", "") and not job.may_write("contents"):
        raise Unsupported(f"job {job.name} checks out without contents: read")
    to = job.workspace / given.get("path", ".")
    depth = given.get("fetch-depth", "1")
    ref = given.get("ref") or job.run.ref
    bare = job.run.forge.bare
    run = job.git
    to.mkdir(parents=True, exist_ok=True)
    run("init", "-q", "-b", "checkout", str(to))
    run("-C", str(to), "remote", "add", "origin", job.run.forge.clone_url)
    shallow = [] if depth == "0" else [f"--depth={depth}"]
    run("-C", str(to), "fetch", "-q", *shallow, f"file://{bare}", f"+{ref}:refs/heads/taken")
    if depth == "0":
        run("-C", str(to), "fetch", "-q", f"file://{bare}", "+refs/heads/*:refs/remotes/origin/*")
    name = ref if ref == "main" else "HEAD"
    words = ("checkout", "-q", "-B", "main", "taken") if name == "main" else ("checkout", "-q",
             "--detach", "taken")  # fmt: skip
    run("-C", str(to), *words)
    commit = run("-C", str(to), "rev-parse", "HEAD").strip()
    return {"ref": ref, "commit": commit}


def setup_python(job: Job, given: dict[str, str]) -> Outputs:
    """The image has its Python already."""
    return {"python-version": given["python-version"]}


def upload_artifact(job: Job, given: dict[str, str]) -> Outputs:
    """Keep files under a name; links are followed, as GitHub's own action does."""
    store = job.run.artifacts / given["name"]
    if store.exists():
        if given.get("overwrite") != "true":
            raise Unsupported(f"artifact {given['name']} exists already")
        shutil.rmtree(store)
    paths = [job.workspace / line for line in given["path"].splitlines() if line.strip()]
    present = [path for path in paths if path.exists()]
    if not present:
        if given.get("if-no-files-found") == "error":
            raise FileNotFoundError(f"No files were found with the provided path: {given['path']}")
        return {}
    # the least common folder of all that was named is the artifact's root
    root = paths[0] if len(paths) == 1 and paths[0].is_dir() else _common(paths)
    for path in present:
        to = store / path.relative_to(root)
        to.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            shutil.copytree(path, to, dirs_exist_ok=True, symlinks=False)
        else:
            shutil.copy(path, to)
    return {"artifact-id": given["name"]}


def _common(paths: list[Path]) -> Path:
    parts = list(zip(*(path.parts for path in paths), strict=False))
    same = [column[0] for column in parts if len(set(column)) == 1]
    common = Path(*same)
    return common.parent if common in paths and not common.is_dir() else common


def download_artifact(job: Job, given: dict[str, str]) -> Outputs:
    """Copy artifacts of this run by name or pattern."""
    to = job.workspace / given.get("path", ".")
    pattern = given.get("name") or given.get("pattern") or "*"
    found = sorted(p for p in job.run.artifacts.glob("*") if fnmatch.fnmatch(p.name, pattern))
    if not found and "name" in given:
        raise FileNotFoundError(f"Artifact not found for name: {pattern}")
    to.mkdir(parents=True, exist_ok=True)
    for path in found:
        flat = "name" in given or given.get("merge-multiple") == "true"
        shutil.copytree(path, to if flat else to / path.name, dirs_exist_ok=True)
    return {"download-path": str(to)}


def attest(job: Job, given: dict[str, str]) -> Outputs:
    """Keep who made these files, in place of GitHub's attestation."""
    if not (job.may_write("attestations") and job.may_write("id-token")):
        raise PermissionError("attestations: write and id-token: write are needed")
    signed = []
    for path in sorted(job.workspace.glob(given["subject-path"])):
        if path.is_file():
            job.run.forge.attest(path, job)
            signed.append(path.name)
    return {"bundle-path": " ".join(signed)}


def upload_pages(job: Job, given: dict[str, str]) -> Outputs:
    """Keep a built site for the deployment."""
    return upload_artifact(job, {"name": "github-pages", "path": given["path"]})


def deploy_pages(job: Job, given: dict[str, str]) -> Outputs:
    """Put the kept site where visitors would see it."""
    if not (job.may_write("pages") and job.may_write("id-token")):
        raise PermissionError("pages: write and id-token: write are needed")
    shutil.rmtree(job.run.forge.pages, ignore_errors=True)
    shutil.copytree(job.run.artifacts / "github-pages", job.run.forge.pages)
    return {"page_url": job.run.forge.pages.as_uri()}


ACTIONS: dict[str, Callable[[Job, dict[str, str]], Outputs]] = {
    "actions/checkout": checkout,
    "actions/setup-python": setup_python,
    "actions/upload-artifact": upload_artifact,
    "actions/download-artifact": download_artifact,
    "actions/attest": attest,
    "actions/upload-pages-artifact": upload_pages,
    "actions/deploy-pages": deploy_pages,
}
FAILURES = (FileNotFoundError, PermissionError, subprocess.CalledProcessError)
"""What makes a step fail, as against a workflow that the forge does not play."""
