"""The shell steps of `action.yml`, run as GitHub's runner would; and a GitHub to talk to, on this machine.

The runner knows what the action uses of GitHub's expressions: names, `==`, `&&`, `||` and `always()`. Steps that use
other actions are not run, but for what `upload-artifact` does.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

from tests import forks
from tests.commands.installed import environment
from tests.conftest import ROOT

NAMES = re.compile(r"[a-zA-Z_][\w.-]*(?:\(\))?")


@dataclass
class Result:
    """How a run of the action ended, and what it gave."""

    code: int
    text: str
    outputs: dict[str, str]
    summary: str


@dataclass
class GitHub:
    """What the action's script asks for: comments, statuses, merged pull requests and artifacts."""

    comments: list[dict[str, Any]] = field(default_factory=list)
    statuses: dict[str, dict[str, Any]] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)
    """Commit on the main branch → last commit of its pull request."""
    artifacts: dict[str, bytes] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    url: str = ""

    def upload(self, name: str, file: Path) -> None:
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            archive.write(file, file.name)
        self.artifacts[name] = content.getvalue()

    def answer(self, method: str, path: str, body: Any) -> Any:
        """The document, or bytes; None: not found."""
        path, _, query = path.partition("?")
        place = path.removeprefix("/repos/acme/crm/")
        match method, place.split("/"):
            case "GET", ["issues", "7", "comments"]:
                return [] if "page=2" in query else self.comments
            case "POST", ["issues", "7", "comments"]:
                self.comments.append({"id": len(self.comments) + 1, **body})
                return self.comments[-1]
            case "PATCH", ["issues", "comments", number]:
                self.comments[int(number) - 1].update(body)
                return self.comments[int(number) - 1]
            case "POST", ["statuses", sha]:
                self.statuses[sha] = body
                return body
            case "GET", ["commits", sha, "pulls"]:
                head = self.merged.get(sha)
                return [{"head": {"sha": head}, "merged_at": "2026-02-03T10:00:00Z"}] if head else []
            case "GET", ["commits", sha, "status"]:
                return {"statuses": [self.statuses[sha]] if sha in self.statuses else []}
            case "GET", ["actions", "artifacts"]:
                name = re.search(r"name=([^&]+)", query)
                there = name is not None and name[1] in self.artifacts
                one = {"expired": False, "created_at": "2026-02-03", "archive_download_url": f"{self.url}/zip/{query}"}
                return {"artifacts": [one] if there else []}
            case _ if path.startswith("/zip/"):
                return next(iter(self.artifacts.values()))
        return None

    @contextmanager
    def serving(self) -> Iterator[GitHub]:
        """Answers at `url` until the block is left."""
        github = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *words: object) -> None:
                """Nothing on stderr."""

            def respond(self) -> None:
                github.tokens.add(self.headers.get("Authorization", ""))
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                found = github.answer(self.command, self.path, body)
                content = found if isinstance(found, bytes) else json.dumps(found).encode()
                self.send_response(404 if found is None else 200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PATCH = respond  # noqa: N815  # the names that the server looks for

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield self
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Runner:
    """Runs the action in a checkout, with the secrets of a repository in its environment."""

    checkout: Path
    temporary: Path
    github: GitHub
    secrets: Mapping[str, str]

    def act(self, command: str, *, event: str, sha: str, head: str = "", **inputs: str) -> Result:
        """One `uses:` of the action."""
        action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
        given = {name: str(each.get("default", "")) for name, each in action["inputs"].items()}
        known = {f"inputs.{name}": text for name, text in {**given, "command": command, **inputs}.items()}
        known |= {"github.event_name": event, "github.sha": sha, "runner.temp": str(self.temporary)}
        known |= {"github.event.pull_request.head.sha": head, "github.event.pull_request.number": "7"}
        known["inputs.token"] = "gh-token"
        code, text, summary = 0, "", self.temporary / "summary.md"
        summary.write_text("")
        for step in action["runs"]["steps"]:
            condition = str(step.get("if", "success()"))
            if (code and "always()" not in condition) or not self._holds(condition, known):
                continue
            if "upload-artifact" in step.get("uses", ""):
                told = {name: self._filled(str(value), known) for name, value in step["with"].items()}
                self.github.upload(told["name"], Path(told["path"]))
            elif "run" in step and step.get("name") != "install":
                done, outputs = self._shell(step, known, summary, sha)
                known |= {f"steps.{step.get('id')}.outputs.{name}": value for name, value in outputs.items()}
                text += done.stdout + done.stderr
                code = code or done.returncode
        outputs = {name: self._filled(each["value"], known) for name, each in action["outputs"].items()}
        return Result(code, text, outputs, summary.read_text(encoding="utf-8"))

    def _shell(
        self, step: Mapping[str, Any], known: Mapping[str, str], summary: Path, sha: str
    ) -> tuple[subprocess.CompletedProcess[str], dict[str, str]]:
        file = self.temporary / "outputs"
        file.write_text("")
        own = {name: self._filled(str(value), known) for name, value in step.get("env", {}).items()}
        github = {
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_API_URL": self.github.url,
            "GITHUB_OUTPUT": str(file),
            "GITHUB_REPOSITORY": "acme/crm",
            "GITHUB_SHA": sha,
            "GITHUB_STEP_SUMMARY": str(summary),
            "RUNNER_TEMP": str(self.temporary),
            "PATH": os.pathsep.join([str(forks.BIN), str(Path(sys.executable).parent), os.environ["PATH"]]),
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.checkout,
            env=environment(**self.secrets, **github, **own, **forks.in_a_shell()),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        lines = file.read_text(encoding="utf-8").splitlines()
        return done, dict(line.split("=", 1) for line in lines)

    def _filled(self, text: str, known: Mapping[str, str]) -> str:
        return re.sub(r"\$\{\{ *(.+?) *\}\}", lambda found: str(self._value(found[1], known)), text)

    def _holds(self, condition: str, known: Mapping[str, str]) -> bool:
        return bool(self._value(condition, known))

    def _value(self, expression: str, known: Mapping[str, str]) -> Any:
        """An expression of GitHub's, as far as the action uses them."""
        if not re.fullmatch(r"[\w\s.()'&|=-]+", expression):
            raise AssertionError(f"the runner of the tests does not know {expression!r}")
        pieces = re.split(r"('[^']*')", expression)
        for at in range(0, len(pieces), 2):
            named = NAMES.sub(lambda found: self._named(found[0], known), pieces[at])
            pieces[at] = named.replace("&&", " and ").replace("||", " or ")
        return eval("".join(pieces), {"__builtins__": {}})

    def _named(self, name: str, known: Mapping[str, str]) -> str:
        return "True" if name in ("always()", "success()") else repr(known.get(name, ""))
