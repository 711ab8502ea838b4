"""A forked process is as good as a started one."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import forks
from tests.forks import SYNCER, Popen, run
from tests.sandbox_process import RunningSandbox

SANDBOX = [sys.executable, "-m", "syncer.sandbox", "--follow-stdin", "--db"]


def forked(process: subprocess.Popen[str]) -> bool:
    """It has the server's program: a started one has a command line of its own."""
    return b"tests.forks.server" in Path(f"/proc/{process.pid}/cmdline").read_bytes()


def serving(file: Path, **options: Any) -> Popen:
    process = Popen([*SANDBOX, str(file)], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("PORTAL http://127.0.0.1:")
    return process


@pytest.mark.parametrize("arguments", [["--help"], ["plan", "--help"], ["--version"], ["plan"], ["plan", "no.yaml"]])
@pytest.mark.parametrize("command", [[SYNCER], [sys.executable, "-m", "syncer.sandbox"]])
def test_it_says_what_a_started_one_says(tmp_path: Path, command: list[str | Path], arguments: list[str]) -> None:
    real = subprocess.run([*command, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
    done = run([*command, *arguments], cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (real.returncode, real.stdout, real.stderr)


def test_it_is_a_child_of_its_own(tmp_path: Path) -> None:
    with serving(tmp_path / "a.db") as process:
        assert forked(process)
        assert process.pid != os.getpid()
        assert os.getpgid(process.pid) == os.getpgid(0)
        process.send_signal(signal.SIGSTOP)
        assert os.WIFSTOPPED(os.waitpid(process.pid, os.WUNTRACED)[1])
        process.send_signal(signal.SIGCONT)
        assert process.poll() is None
        process.kill()
    assert process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_find_it(tmp_path: Path, number: signal.Signals) -> None:
    with serving(tmp_path / "a.db", start_new_session=True) as process:
        assert os.getsid(process.pid) == process.pid
        os.killpg(process.pid, number)
        assert process.wait(60) == 0


def test_its_descriptors_are_its_streams_alone(tmp_path: Path) -> None:
    with RunningSandbox(tmp_path / "other.db"), serving(tmp_path / "a.db", stderr=subprocess.DEVNULL) as process:
        held = {each.name: str(each.readlink()) for each in Path(f"/proc/{process.pid}/fd").iterdir()}
        assert held["2"] == os.devnull
        assert sorted(os.path.basename(each) for each in held.values() if each.endswith(".db")) == ["a.db"]  # noqa: PTH119
        assert process.stdin is not None
        process.stdin.close()  # ours was the only other end
        assert process.wait(60) == 0


def test_folder_environment_and_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shop.yaml").write_text("version: 1\n")
    monkeypatch.chdir(tmp_path)
    assert "shop.yaml:1:1" in run([SYNCER, "validate", "shop.yaml"]).stdout
    monkeypatch.setenv("SYNCER_FAILPOINT", "nowhere")
    assert "'nowhere'" in run([SYNCER, "apply", "shop.yaml"]).stderr
    monkeypatch.delenv("SYNCER_FAILPOINT")
    ours, theirs = pty.openpty()
    with Popen([SYNCER, "--help"], stdin=theirs, stdout=theirs, stderr=theirs):
        os.close(theirs)
        assert os.read(ours, 4096).startswith(b"Usage: syncer ")
    os.close(ours)


def test_what_an_interpreter_is_told_is_told_to_one(tmp_path: Path) -> None:
    with serving(tmp_path / "a.db", env=os.environ | {"PYTHONUTF8": "1"}) as process:
        assert forked(process), "it has UTF-8 anyway"
        process.kill()
    for more in ({"PYTHONHASHSEED": "1"}, {"LC_ALL": "C"}, {"TZ": "Asia/Tokyo"}):
        with serving(tmp_path / "a.db", env=os.environ | more) as process:
            assert not forked(process)
            process.kill()
    with serving(tmp_path / "a.db", preexec_fn=os.getpid) as process:
        assert not forked(process)
        process.kill()


def test_the_server_runs_no_thread_and_holds_no_file(tmp_path: Path) -> None:
    run([SYNCER, "plan"], cwd=tmp_path)
    server = Path(f"/proc/{forks._server().pid}")
    assert len([*(server / "task").iterdir()]) == 1
    held = {str(each.readlink()) for each in (server / "fd").iterdir() if int(each.name) > 2}
    assert {each.partition(":")[0] for each in held} <= {"socket"}


def test_a_shell_finds_it(tmp_path: Path) -> None:
    """With what it prints, its exit code, and the signals that are for it."""
    path = os.pathsep.join([str(forks.BIN), str(SYNCER.parent), os.environ["PATH"]])
    environment = os.environ | forks.in_a_shell() | {"PATH": path}
    line = "syncer plan 2>&1 | tail -n 1; exit ${PIPESTATUS[0]}"
    done = subprocess.run(["bash", "-c", line], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (64, "Error: Missing argument 'SPEC…'.\n")
    command = ["bash", "-c", f"exec syncer sandbox --port 0 --db {tmp_path}/a.db"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("PORTAL http://127.0.0.1:")
        assert run([SYNCER, "--version"]).returncode == 0, "others are served meanwhile"
        process.terminate()
        assert process.wait(60) == 0
