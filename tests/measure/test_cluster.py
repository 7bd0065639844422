"""Workers of a real Ray cluster give the result of one process, even if one of them dies."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, need
from made import request

from evaluator.board.submissions import read_submission
from evaluator.core.errors import RunError
from evaluator.measure.measurement import Measurer, Settings
from evaluator.measure.packs import Pack
from evaluator.measure.settle import Measured
from evaluator.tasks import load_task

TASK = "starter_classification"

pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A cluster of two cores that runs the evaluator of this repository."""
    need("ray", _present(), "pip install 'open-llm-leaderboard[ray]'")
    import ray

    os.environ["PYTHONPATH"] = str(ROOT)
    context = ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level=40)
    yield context.address_info["gcs_address"]
    ray.shutdown()


def _present() -> bool:
    from importlib.util import find_spec

    return find_spec("ray") is not None


def measurer(out: Path, **settings: Any) -> Measurer:
    submission, _ = read_submission(ROOT / "submissions", "starter/small")
    places = {"out": out, "work": out / "runs"}
    return Measurer(submission, ROOT / "submissions/starter/small", Settings(**(places | settings)))


def stable(measured: Measured) -> dict[str, Any]:
    """The result without what varies from run to run."""
    return {name: part for name, part in measured.result.items() if name != "run"}


def test_two_workers_give_the_bytes_of_one_process(address: str, tmp_path: Path) -> None:
    task = load_task(TASK)
    alone = measurer(tmp_path / "alone").measure(task, lambda *_: None)
    many = measurer(tmp_path / "many", ray=address, workers=2)
    seen: list[tuple[int, int, float]] = []
    together = many.measure(task, lambda *now: seen.append(now))
    many.close()
    assert stable(together) == stable(alone)
    assert together.path.name == alone.path.name
    assert together.result["run"]["environment"]["workers"] == "2"
    assert seen[-1][0] == seen[-1][1] == 1200


def test_the_command_gives_the_same_files_with_a_cluster_and_without(
    address: str, tmp_path: Path
) -> None:
    small = ROOT / "submissions/starter/small"
    command = [sys.executable, "-m", "evaluator", "run", str(small), "--task", TASK]
    for name, more in {"alone": [], "many": ["--ray", address, "--workers", "2"]}.items():
        folder = tmp_path / name
        folder.mkdir()
        done = subprocess.run(
            [*command, "--to", str(folder), *more], cwd=folder, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        assert "starter_classification: macro_f1" in done.stdout
    one, other = (sorted((tmp_path / name).rglob("results/**/*.*")) for name in ("alone", "many"))
    assert [path.name for path in one] == [path.name for path in other]
    results = [json.loads(path.read_text()) for path in (one[0], other[0])]
    assert [result.pop("run")["environment"].get("workers") for result in results] == [None, "2"]
    assert results[0] == results[1]
    assert one[1].read_bytes() == other[1].read_bytes()


def test_the_packs_of_a_killed_worker_are_answered_by_the_other(
    address: str, tmp_path: Path
) -> None:
    task = load_task(TASK)
    alone = measurer(tmp_path / "alone").measure(task, lambda *_: None)
    many = measurer(tmp_path / "many", ray=address, workers=2)
    killed: list[int] = []

    def kill_one(done: int, total: int, saved: float) -> None:
        if 0 < done < total and not killed:
            import ray

            (first, _) = many._cluster.actors
            killed.append(ray.get(first.__ray_call__.remote(lambda worker: os.getpid())))
            os.kill(killed[0], signal.SIGKILL)

    together = many.measure(task, kill_one)
    many.close()
    assert killed
    assert stable(together) == stable(alone)


def test_a_cluster_whose_workers_are_all_lost_stops_the_run_and_it_goes_on(
    address: str, tmp_path: Path
) -> None:
    task = load_task(TASK)
    alone = measurer(tmp_path / "alone").measure(task, lambda *_: None)
    one = measurer(tmp_path / "many", ray=address, workers=1)

    def kill(done: int, total: int, saved: float) -> None:
        if done:
            one.close()

    with pytest.raises(RunError, match="every worker of the cluster is lost"):
        one.measure(task, kill)
    after = measurer(tmp_path / "many").measure(task, lambda *_: None)
    assert stable(after) == stable(alone)


@pytest.mark.parametrize(
    ("address", "reason"),
    [("127.0.0.1:{}", "refused"), ("ray://127.0.0.1:{}", "refused"), ("somewhere", "HOST:PORT")],
)
def test_an_address_without_a_cluster_is_told_within_seconds(
    address: str, reason: str, tmp_path: Path
) -> None:
    need("ray", _present(), "pip install 'open-llm-leaderboard[ray]'")
    with socket.socket() as free:  # bound, so that it is nobody else's, and not listening
        free.bind(("127.0.0.1", 0))
        address = address.format(free.getsockname()[1])
        small = ROOT / "submissions/starter/small"
        command = [sys.executable, "-m", "evaluator", "run", str(small), "--task", TASK,
                   "--to", str(tmp_path), "--ray", address]  # fmt: skip
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    told = " ".join(done.stderr.split())
    assert f"no Ray cluster at '{address}'" in told and reason in told
    assert "Traceback" not in told
    assert not list(tmp_path.rglob("results/**/*.json"))


@pytest.fixture()
def own_processes() -> list[str]:
    """Words before a command that let it see no process of others: no other test's cluster."""
    need("bubblewrap", shutil.which("bwrap") is not None, "apt-get install bubblewrap")
    return ["bwrap", "--unshare-pid", "--die-with-parent", "--dev-bind", "/", "/",
            "--proc", "/proc"]  # fmt: skip


@pytest.fixture()
def short() -> Iterator[Path]:
    """A folder with a short name: Ray puts sockets into it, whose paths may have 107 letters."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def test_the_record_of_a_killed_cluster_is_told_within_seconds(
    own_processes: list[str], short: Path
) -> None:
    need("ray", _present(), "pip install 'open-llm-leaderboard[ray]'")
    environment = {**os.environ, "RAY_TMPDIR": str(short), "PYTHONPATH": str(ROOT)}
    ray = str(Path(sys.executable).with_name("ray"))
    start = [ray, "start", "--head", "--num-cpus=1", "--port=0", "--include-dashboard=false"]
    cluster = subprocess.Popen([*own_processes, *start, "--block"], env=environment,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    record = short / "ray" / "ray_current_cluster"
    try:
        until = time.monotonic() + 60
        while not record.is_file() and cluster.poll() is None and time.monotonic() < until:
            time.sleep(0.1)
    finally:
        cluster.kill()  # and with it the kernel kills all that it has started
        cluster.wait()
    left = record.read_text().strip()
    small = ROOT / "submissions/starter/small"
    command = [sys.executable, "-m", "evaluator", "run", str(small), "--task", TASK,
               "--to", str(short / "out"), "--ray", "auto"]  # fmt: skip
    done = subprocess.run([*own_processes, *command], cwd=short, env=environment,
                          capture_output=True, text=True, timeout=60)  # fmt: skip
    assert done.returncode == 1
    told = " ".join(done.stderr.split())
    assert f"no Ray cluster at 'auto': Failed to connect to Ray cluster at {left}" in told
    assert "`ray start --head` starts one" in told and "Traceback" not in told


def test_another_service_at_the_address_is_told_within_seconds(tmp_path: Path) -> None:
    need("ray", _present(), "pip install 'open-llm-leaderboard[ray]'")
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        small = ROOT / "submissions/starter/small"
        command = [sys.executable, "-m", "evaluator", "run", str(small), "--task", TASK,
                   "--to", str(tmp_path), "--ray", address]  # fmt: skip
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert f"no Ray cluster at '{address}'" in " ".join(done.stderr.split())


def test_more_workers_than_the_cluster_has_cores_are_refused(address: str, tmp_path: Path) -> None:
    many = measurer(tmp_path, ray=address, workers=3)
    with pytest.raises(RunError, match=r"3 workers need as many .* the cluster has 2: ask for few"):
        many.measure(load_task(TASK), lambda *_: None)


def test_a_worker_takes_its_own_packs_in_order_and_then_the_end_of_the_longest_run() -> None:
    from evaluator.measure.cluster import _Hand, _next_pack

    packs = [Pack(id=str(at), requests=(request(),), places=(at,)) for at in range(5)]
    mine, other = _Hand(None, deque(packs[:1])), _Hand(None, deque(packs[1:]))
    taken = [_next_pack(mine, [mine, other]) for _ in range(6)]
    assert [pack.id if pack else "" for pack in taken] == ["0", "4", "3", "2", "1", ""]
