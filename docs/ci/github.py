"""What the GitHub Action asks of GitHub: the sticky comment, and the approved plan of a merged pull request.

    github.py comment REPORT        writes or renews the one comment on PULL_REQUEST
    github.py status HEAD DIGEST    notes on a commit which plan was shown for it
    github.py approved PLANFILE     finds the plan that was shown for the merged pull request; output `digest`

Nothing but the standard library, so that it runs before anything is installed. The environment has GitHub's own
variables and TOKEN.
"""

from __future__ import annotations

import io
import json
import os
import sys
import urllib.error
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

MARK = "<!-- syncer plan -->"
CONTEXT = "syncer/plan"
LONGEST_COMMENT = 65_000


def main(arguments: list[str]) -> None:
    match arguments:
        case ["comment", report]:
            comment(Path(report))
        case ["status", head, digest]:
            _ask("POST", f"{_repository()}/statuses/{head}", _status(digest))
        case ["approved", file]:
            approved(Path(file))
        case _:
            raise SystemExit(__doc__)


def comment(report: Path) -> None:
    """One comment a pull request: the first run writes it, the next ones renew it."""
    if report.is_file():
        text = report.read_text(encoding="utf-8")
    else:
        text = "syncer made no plan: the log of this run says why.\n"
    body = {"body": f"{MARK}\n{text}"[:LONGEST_COMMENT]}
    issue = f"{_repository()}/issues/{os.environ['PULL_REQUEST']}/comments"
    found = next((each for each in _pages(issue) if str(each.get("body", "")).startswith(MARK)), None)
    if found is None:
        _ask("POST", issue, body)
    else:
        _ask("PATCH", f"{_repository()}/issues/comments/{found['id']}", body)


def approved(file: Path) -> None:
    """The plan file of the pull request that this commit merged, and the digest that was noted on its last commit."""
    sha = os.environ["GITHUB_SHA"]
    pulls = _ask("GET", f"{_repository()}/commits/{sha}/pulls")
    head = next((str(each["head"]["sha"]) for each in pulls if each.get("merged_at")), "")
    if not head:
        raise SystemExit(f"::error::no merged pull request has the commit {sha}: there is no approved plan to apply")
    told = _ask("GET", f"{_repository()}/commits/{head}/status")["statuses"]
    digest = next((str(each["description"]) for each in told if each["context"] == CONTEXT), "")
    name = f"syncer-plan-{head}"
    artifacts = _ask("GET", f"{_repository()}/actions/artifacts?name={name}&per_page=100")["artifacts"]
    kept = sorted((each for each in artifacts if not each["expired"]), key=lambda each: str(each["created_at"]))
    if not digest or not kept:
        raise SystemExit(f"::error::the plan shown for {head} is gone; open a pull request that plans anew")
    with zipfile.ZipFile(io.BytesIO(_fetch(str(kept[-1]["archive_download_url"])))) as archive:
        file.write_bytes(archive.read("syncer-plan.jsonl"))
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as outputs:
        outputs.write(f"digest={digest}\n")


def _status(digest: str) -> dict[str, str]:
    return {"state": "success", "context": CONTEXT, "description": digest}


def _repository() -> str:
    return f"/repos/{os.environ['GITHUB_REPOSITORY']}"


def _pages(path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    page = 1
    while rows := _ask("GET", f"{path}?per_page=100&page={page}"):
        found += rows
        page += 1
    return found


def _ask(method: str, path: str, body: dict[str, str] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    return json.loads(_open(method, os.environ["GITHUB_API_URL"] + path, data) or b"null")


def _fetch(url: str) -> bytes:
    return _open("GET", url, None)


class _WithoutToken(urllib.request.HTTPRedirectHandler):
    """An artifact lies elsewhere, behind an address that is signed itself: the token stays here."""

    def redirect_request(self, *arguments: Any, **named: Any) -> urllib.request.Request | None:
        request = super().redirect_request(*arguments, **named)
        if request is not None:
            request.remove_header("Authorization")
        return request


def _open(method: str, url: str, data: bytes | None) -> bytes:
    headers = {
        "Authorization": f"Bearer {os.environ['TOKEN']}",
        "Accept": "application/vnd.github+json",
        "Content-Type": "application/json",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310  # GitHub's own addresses
    try:
        with urllib.request.build_opener(_WithoutToken).open(request, timeout=60) as answer:
            content: bytes = answer.read()
            return content
    except urllib.error.HTTPError as error:
        raise SystemExit(f"::error::GitHub says {error.code} to {method} {url.partition('?')[0]}") from None
    except urllib.error.URLError as error:
        raise SystemExit(f"::error::GitHub cannot be reached: {error.reason}") from None


if __name__ == "__main__":
    main(sys.argv[1:])
