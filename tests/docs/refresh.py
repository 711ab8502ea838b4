"""`python -m tests.docs.refresh`: writes what the commands print now, and the table of findings, into the pages.

What has not changed but for times, ids and the like is left as it stands. A block with `[…]` that no longer fits, and
a command that ends in a fault of syncer, are named, and are for a person to mend.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from syncer.spec import Code
from tests.docs.console import ELIDED, run, same
from tests.docs.pages import PAGES, ROOT, blocks, name

FAULT = "This is a fault of syncer"
FINDINGS = ROOT / "docs" / "findings.md"
_BEGIN, _END = "<!-- from syncer/spec/codes.py: python -m tests.docs.refresh -->\n", "<!-- end -->"
_KINDS = {
    "SYN0": "Files and YAML",
    "SYN1": "Structure",
    "SYN2": "Templates",
    "SYN3": "Against the portal",
    "SYN4": "Against the sources and their rows",
    "SYN5": "The portal lock file",
}


def findings() -> str:
    """The page of findings with the codes of now."""
    before, _, rest = FINDINGS.read_text(encoding="utf-8").partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return before + _BEGIN + "".join(_table(start, title) for start, title in _KINDS.items()) + _END + after


def _table(start: str, title: str) -> str:
    rows = "".join(f"| `{code.value}` | {code.meaning} |\n" for code in Code if code.value.startswith(start))
    return f"\n## {title}\n\n| code | meaning |\n|---|---|\n{rows}\n"


def refreshed(page: Path) -> tuple[str, list[str]]:
    """The page with the outputs of now, and what could not be brought up to date."""
    text = page.read_text(encoding="utf-8")
    lines, stale, moved = text.splitlines(), list[str](), 0
    with tempfile.TemporaryDirectory(prefix="syncer-docs-") as folder:
        for block, command, printed in run(text, Path(folder)):
            first = block.start - 1 + command.start + moved
            if same(command.shown, printed):
                continue
            if ELIDED in command.shown or any(FAULT in line for line in printed):
                stale.append(f"{name(page)}:{first}: $ {command.text}")
                continue
            lines[first : first + len(command.shown)] = printed
            moved += len(printed) - len(command.shown)
    return "\n".join(lines) + "\n", stale


def main() -> int:
    FINDINGS.write_text(findings(), encoding="utf-8")
    problems: list[str] = []
    for page in PAGES:
        before = page.read_text(encoding="utf-8")
        if any(block.language == "console" for block in blocks(before)):
            after, stale = refreshed(page)
            problems += stale
            if after != before:
                page.write_text(after, encoding="utf-8")
                sys.stdout.write(f"{name(page)} is refreshed\n")
    for problem in problems:
        sys.stdout.write(f"{problem}: it fails, or what is shown around […] is not printed any more\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
