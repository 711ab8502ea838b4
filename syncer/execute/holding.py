"""Holding the state: the lease of one command, its entry in the history, and who it is."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import uuid
from collections.abc import Mapping
from getpass import getuser
from pathlib import Path
from threading import Event
from typing import Final, Self

from syncer.errors import GuardRefusal, Interrupted, StateError, StateLockedError, SyncerError, UsageError
from syncer.execute.failpoints import Failpoint, reached
from syncer.execute.keeping import Keeper, clock
from syncer.log import logger
from syncer.store import Hold, NewRun, State

LEASE_SECONDS: Final = 30.0
ASK_AGAIN_SECONDS: Final = 1.0


class Holding:
    """The lease from `with` to its end, however that comes.

    Entering waits up to `patience` seconds for a lease that another run holds, then raises StateLockedError.
    """

    def __init__(
        self,
        state: State,
        command: str,
        *,
        specs: tuple[str, ...] = (),
        root: Path | None = None,
        patience: float = 0.0,
        stop: Event | None = None,
    ) -> None:
        self._state = state
        self._seconds = lease_seconds()
        self._patience = patience
        self._stop = stop or Event()
        self._new = NewRun(
            id=uuid.uuid4().hex[:12],
            command=command,
            specs=specs,
            git_commit=_git_commit(root) if root else None,
            user=getuser(),
            host=socket.gethostname(),
            pid=os.getpid(),
            job_url=_job_url(),
        )
        self.status = "failed"
        """How it ended, for the history."""
        self.summary: Mapping[str, object] = {}
        self.told: SyncerError | None = None
        """An error that is told without being raised."""
        self.under_way = False
        """Whether requests may still be on their way when it ends."""

    def __enter__(self) -> Self:
        self.hold, self.keeper = self._acquired()
        reached(Failpoint.LEASE_TAKEN)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, GuardRefusal):
            self.status = "refused"
        if isinstance(error, Interrupted):
            self.status = "stopped"
        reached(Failpoint.RELEASING)
        self.keeper.end()
        try:
            self._state.lease.finish(self.hold, self.status, dict(self.summary), orderly=not self.under_way)
        except StateError:
            if error is None and not isinstance(self.told, StateError):  # else the first error is the one to tell
                raise

    def _acquired(self) -> tuple[Hold, Keeper]:
        until = time.monotonic() + self._patience
        while True:
            asked_at = clock()
            try:
                hold = self._state.lease.acquire(self._new, self._seconds)
                return hold, Keeper(self._state, hold, self._seconds, asked_at=asked_at)
            except StateLockedError:
                left = until - time.monotonic()
                if left <= 0:
                    raise
                if self._stop.wait(min(left, ASK_AGAIN_SECONDS)):
                    raise Interrupted("stopped while waiting for the state; nothing was written") from None
                logger().info("state.waiting", seconds_left=round(left))


def lease_seconds() -> float:
    """`SYNCER_LEASE_SECONDS`, or the default. Raises UsageError for what is no positive number."""
    given = os.environ.get("SYNCER_LEASE_SECONDS", "")
    try:
        seconds = float(given or LEASE_SECONDS)
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds <= 3600:
        raise UsageError(f"SYNCER_LEASE_SECONDS is {given!r}; write a number of seconds from 1 to 3600")
    return seconds


def _git_commit(root: Path) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603 -- nothing of the arguments comes from a spec
            ["git", "-C", str(root), "rev-parse", "HEAD"],  # noqa: S607 -- the user's own git
            capture_output=True,
            text=True,
            check=False,
            timeout=5,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None


def _job_url() -> str | None:
    """Where this runs, in GitLab or GitHub."""
    server, repository, run = (os.environ.get(f"GITHUB_{name}") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID"))
    github = f"{server}/{repository}/actions/runs/{run}" if server and repository and run else None
    return os.environ.get("CI_JOB_URL") or github
