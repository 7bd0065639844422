"""A model is its files: locked once, told by name when they change, fetched or refused in words."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import ROOT
from made import submission

from evaluator.backends.scripted import POLICIES
from evaluator.core.errors import ModelError
from evaluator.core.files import sha256
from evaluator.measure.manifest import (
    lock_model,
    model_folder,
    read_lock,
    read_manifest,
    template_of,
)
from evaluator.measure.result import key_of
from evaluator.tasks import load_task

LOCAL = submission(kind="causal", policy="", folder="weights", dtype="float32")
REVISION = "0123456789abcdef0123456789abcdef01234567"
MODEL_FILES = {
    "config.json": b"{}",
    "model-00001-of-00002.safetensors": b"abc",
    "model-00002-of-00002.safetensors": b"defg",
    "tokenizer.json": b'{"a": 1}',
}


@pytest.fixture()
def home(tmp_path: Path) -> Path:
    """A submission with weights, and with files beside them that are no part of the model."""
    folder = tmp_path / "weights"
    folder.mkdir()
    for name, data in MODEL_FILES.items():
        (folder / name).write_bytes(data)
    for name in ("README.md", "modeling.py", "optimizer.safetensors"):
        (folder / name).write_bytes(b"beside the model")
    return tmp_path


def test_a_manifest_is_the_hash_and_length_of_every_file_of_the_model(home: Path) -> None:
    assert read_manifest(LOCAL, home / "weights") == {
        name: {"sha256": sha256(data), "bytes": len(data)} for name, data in MODEL_FILES.items()
    }


def test_a_chat_template_is_part_of_what_is_measured_where_it_is_used(home: Path) -> None:
    weights, text = home / "weights", b"{{ messages }}"
    (weights / "chat_template.jinja").write_bytes(text)
    found, keys = {}, {}
    for policy in ("none", "own", "own-one-turn"):
        model = replace(LOCAL, chat_template=policy)
        manifest = read_manifest(model, weights)
        assert manifest["chat_template.jinja"]["sha256"] == sha256(text)
        found[policy] = template_of(model, manifest)
        keys[policy] = key_of(model, manifest, load_task("boolq"), "0" * 64)
    told = sha256(text)
    assert found == {"none": "none", "own": told, "own-one-turn": f"one-turn:{told}"}
    assert len(set(keys.values())) == 3


def test_a_template_inside_the_tokenizer_s_settings_is_hashed_by_itself(home: Path) -> None:
    settings = home / "weights/tokenizer_config.json"
    settings.write_text('{"chat_template": "{{ messages }}"}')
    own = replace(LOCAL, chat_template="own")
    told = template_of(own, read_manifest(own, home / "weights"))
    assert told == sha256(b"{{ messages }}")
    settings.write_text("{}")
    with pytest.raises(ModelError, match="no chat template"):
        read_manifest(own, home / "weights")


def test_a_lock_is_written_only_when_asked(home: Path) -> None:
    _, manifest = lock_model(LOCAL, home, write=False)
    assert not (home / "lock.json").exists()
    assert lock_model(LOCAL, home, write=True) == (home / "weights", manifest)
    assert read_lock(home / "lock.json") == manifest


@pytest.mark.parametrize("write", [False, True])
def test_a_lock_that_stands_is_never_written_again(home: Path, write: bool) -> None:
    lock_model(LOCAL, home, write=True)
    path = home / "lock.json"
    before = path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino
    lock_model(LOCAL, home, write=write)
    (home / "weights/config.json").write_bytes(b"{ }")
    with pytest.raises(ModelError):
        lock_model(LOCAL, home, write=write)
    assert (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino) == before


CHANGES: dict[str, tuple[Callable[[Path], object], list[str]]] = {
    "another length": (lambda f: (f / "config.json").write_bytes(b"{ }"), ["config.json"]),
    "another byte": (
        lambda f: (f / "model-00002-of-00002.safetensors").write_bytes(b"defh"),
        ["model-00002-of-00002.safetensors"],
    ),
    "a file gone": (lambda f: (f / "tokenizer.json").unlink(), ["tokenizer.json"]),
    "a file more": (lambda f: (f / "merges.txt").write_bytes(b"a b"), ["merges.txt"]),
    "another name": (
        lambda f: (f / "tokenizer.json").rename(f / "vocab.json"),
        ["tokenizer.json", "vocab.json"],
    ),
}


@pytest.mark.parametrize("write", [False, True])
@pytest.mark.parametrize(("change", "named"), CHANGES.values(), ids=list(CHANGES))
def test_every_changed_file_is_told_by_its_name_and_no_other(
    home: Path, change: Callable[[Path], object], named: list[str], write: bool
) -> None:
    lock_model(LOCAL, home, write=True)
    change(home / "weights")
    with pytest.raises(ModelError) as caught:
        lock_model(LOCAL, home, write=write)
    told = str(caught.value)
    assert f": {', '.join(named)} differ from what was locked" in told
    assert not any(name in told for name in MODEL_FILES.keys() - set(named))


def test_a_file_that_is_no_part_of_the_model_may_change(home: Path) -> None:
    locked = lock_model(LOCAL, home, write=True)
    (home / "weights/README.md").write_bytes(b"another text")
    assert lock_model(LOCAL, home, write=True) == locked


def test_a_file_put_back_to_the_byte_is_accepted_again(home: Path) -> None:
    locked = lock_model(LOCAL, home, write=True)
    (home / "weights/config.json").write_bytes(b"{ }")
    with pytest.raises(ModelError):
        lock_model(LOCAL, home, write=True)
    (home / "weights/config.json").write_bytes(MODEL_FILES["config.json"])
    assert lock_model(LOCAL, home, write=True) == locked


def test_the_small_starter_is_what_its_lock_says() -> None:
    home = ROOT / "submissions/starter/small"
    folder, manifest = lock_model(LOCAL, home, write=False)
    assert folder == home / "weights"
    assert "model.safetensors" in manifest


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such folder"):
        lock_model(LOCAL, tmp_path, write=True)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_a_model_is_told_and_locks_nothing(tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights/README.md").write_bytes(b"no model")
    with pytest.raises(ModelError, match=r"holds none of config\.json"):
        lock_model(LOCAL, tmp_path, write=True)
    assert not (tmp_path / "lock.json").exists()


# --- scripted: a model without files ---


def test_a_scripted_model_is_its_rule_and_needs_no_folder(tmp_path: Path) -> None:
    manifests = [read_manifest(submission(policy=name), tmp_path) for name in sorted(POLICIES)]
    assert [list(manifest) for manifest in manifests] == [[f"policy:{n}"] for n in sorted(POLICIES)]
    assert len({str(manifest) for manifest in manifests}) == len(POLICIES)
    assert model_folder(submission(), tmp_path / "nowhere") == tmp_path / "nowhere"


def test_another_rule_under_the_same_lock_is_told_by_its_name(tmp_path: Path) -> None:
    lock_model(submission(policy="random"), tmp_path, write=True)
    with pytest.raises(ModelError, match="policy:majority, policy:random differ"):
        lock_model(submission(policy="majority"), tmp_path, write=True)


# --- the hub ---


@pytest.fixture(scope="module")
def closed_address() -> Iterator[str]:
    """Yield an address of this machine at which nobody answers: bound, never listening."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{holder.getsockname()[1]}"


def fetch(cache: Path, address: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Ask for a model of the hub in a process of its own: its library reads settings once.

    The library tries again five times; the pauses between, 24 seconds, are left out.
    """
    code = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from made import submission\n"
        "from evaluator.core.errors import ModelError\n"
        "from evaluator.measure.manifest import model_folder\n"
        "time.sleep = lambda seconds: None\n"
        "facts = dict(kind='causal', policy='', dtype='float32', repo='some-org/some-model')\n"
        f"asked = submission(**facts, revision={REVISION!r})\n"
        "try:\n"
        "    print(model_folder(asked, Path('nowhere')))\n"
        "except ModelError as error:\n"
        "    print(error)\n"
        "    sys.exit(3)\n"
    )
    away = {"HF_TOKEN", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HUB_OFFLINE"}
    kept = {name: value for name, value in os.environ.items() if name not in away}
    kept |= {"HF_ENDPOINT": address, "HF_HOME": str(cache), "NO_PROXY": "127.0.0.1"}
    kept |= {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")]), **environment}
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=cache, env=kept, timeout=60
    )


@pytest.mark.parametrize("environment", [{}, {"HF_HUB_OFFLINE": "1"}], ids=["closed", "offline"])
def test_a_hub_that_does_not_answer_is_told_in_one_sentence(
    tmp_path: Path, closed_address: str, environment: dict[str, str]
) -> None:
    done = fetch(tmp_path, closed_address, **environment)
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr
    (told,) = done.stdout.splitlines()
    assert told.startswith(
        "some-org/some-model: cannot fetch some-org/some-model at 0123456789ab: "
    )
    assert len(told) < 500


def test_what_was_fetched_once_needs_no_hub(tmp_path: Path, closed_address: str) -> None:
    snapshot = tmp_path / "hub/models--some-org--some-model/snapshots" / REVISION
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_bytes(b"{}")
    done = fetch(tmp_path, closed_address)
    assert (done.returncode, done.stdout.strip()) == (0, str(snapshot)), done.stdout + done.stderr
