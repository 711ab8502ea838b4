"""Every refusal that the documentation knows, and what follows from it, derived from the documentation alone.

A row of documented.tsv says what the portal answers, what that must mean for the rows that were sent, and why: the
documented meaning, or what the documentation leaves open. Where it contradicts itself, each side has a row. Texts are
those of the error tables; the portal tells them in its own language.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import NamedTuple

from syncer.bitrix24.verdict import Verdict

NOTHING = '""'


class Documented(NamedTuple):
    """One refusal. `status` is None within a batch, and where the documentation gives none."""

    status: int | None
    method: str
    code: str
    verdict: Verdict
    text: str
    why: str


def _read() -> tuple[Documented, ...]:
    lines = (Path(__file__).parent / "documented.tsv").read_text(encoding="utf-8").splitlines()
    rows = csv.reader((line for line in lines[1:] if not line.startswith("#")), delimiter="\t", quoting=csv.QUOTE_NONE)
    return tuple(
        Documented(
            None if status == "-" else int(status), method, "" if code == NOTHING else code, Verdict(verdict), text, why
        )
        for status, method, code, verdict, text, why in rows
    )


DOCUMENTED = _read()
