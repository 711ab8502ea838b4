"""The documentation's pages, taken apart: what they show in fences, what they link to, and their headings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "state" / "README.md", ROOT / "CHANGELOG.md")

_FENCE = re.compile(r"```(\w*)")
_HEADING = re.compile(r"#{1,6} +(.+)")
_LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language, its lines, and the 1-based line of the page that its first one stands on."""

    language: str
    lines: tuple[str, ...]
    start: int

    @property
    def text(self) -> str:
        return "\n".join(self.lines) + "\n"

    @property
    def file(self) -> str:
        """The path in a YAML block's first line, `# specs/a.yaml`: where a reader is to put it; else empty."""
        named = re.fullmatch(r"# (specs/\S+\.yaml)", self.lines[0]) if self.lines else None
        return named[1] if named and self.language == "yaml" else ""

    @property
    def is_spec(self) -> bool:
        """Whether it is a whole spec."""
        keys = {line.partition(":")[0] for line in self.lines}
        return self.language == "yaml" and {"version", "entities"} <= keys


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(text: str) -> Iterator[Block]:
    """The fenced blocks of a page, in order."""
    inside: list[str] | None = None
    language, start = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        fence = _FENCE.fullmatch(line.strip())
        if fence is None:
            if inside is not None:
                inside.append(line)
        elif inside is None:
            inside, language, start = [], fence[1], number + 1
        else:
            yield Block(language, tuple(inside), start)
            inside = None
    assert inside is None, f"the fence in line {start - 1} is not closed"


def prose(text: str) -> str:
    """The page without its fenced blocks; lines keep their numbers."""
    lines = text.splitlines()
    for block in blocks(text):
        lines[block.start - 2 : block.start + len(block.lines)] = [""] * (len(block.lines) + 2)
    return "\n".join(lines)


def links(text: str) -> list[str]:
    return _LINK.findall(prose(text))


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as code forges make them."""
    headings = (match[1] for line in prose(text).splitlines() if (match := _HEADING.fullmatch(line)))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def table(text: str, heading: str) -> dict[str, list[str]]:
    """The first table below a heading: its rows by their first cell, without backticks there."""
    _, found, rest = text.partition(f"\n{heading}\n")
    assert found, f"there is no heading {heading!r}"
    rows: dict[str, list[str]] = {}
    for line in rest.splitlines():
        if line.startswith("|"):
            first, *cells = (cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|")))
            rows[first.strip("`")] = cells
        elif rows or line.startswith("#"):
            break
    return dict(list(rows.items())[2:])
