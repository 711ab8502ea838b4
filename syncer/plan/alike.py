"""Rows of one source whose keys a portal may take for one another: `abc`, `ABC`, `ábc`, `abc `.

Such creates are held back until the portal is seen to keep them apart, and blocked when it is seen not to, so that no
two rows become one item. All is done in sets, in the workspace's file; keys that cannot collide cost a glance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, Literal

from syncer.model.change import Reason
from syncer.model.key_rules import KeyRules
from syncer.plan.plan import Target
from syncer.plan.workspace import Entry, Workspace

CHUNK: Final = 500

Lesson = Literal["all", "blanks", "letters"]
"""What a key must have to show something: anything, blanks around it, letters."""

_UNSENT: Final = (
    "c.action = 'create' AND NOT EXISTS "
    "(SELECT 1 FROM outcome o WHERE o.entity = c.entity AND o.origin_id = c.origin_id)"
)
_OTHER: Final = (
    "(SELECT o.origin_id FROM alike a JOIN alike o ON o.entity = a.entity AND o.form = a.form "
    "AND o.origin_id <> a.origin_id WHERE a.entity = c.entity AND a.origin_id = c.origin_id LIMIT 1)"
)
_ALL_UNSENT: Final = (  # nothing that a key may be taken for is in the portal
    "NOT EXISTS (SELECT 1 FROM alike a JOIN alike m ON m.entity = a.entity AND m.form = a.form "  # noqa: S608
    "WHERE a.entity = c.entity AND a.origin_id = c.origin_id AND m.origin_id NOT IN "
    f"(SELECT c.origin_id FROM change c WHERE c.entity = a.entity AND c.origin_id = m.origin_id AND {_UNSENT}))"
)


class Alike:
    """The rows of one target whose keys fold together. `rivals` have identities of the same form."""

    def __init__(self, workspace: Workspace, target: Target, rivals: Sequence[Target] = ()) -> None:
        self._workspace = workspace
        self._target = target
        self._index = target.index
        self._rivals = [each.index for each in rivals]
        before = " OR origin_id GLOB ' *'" if target.stamp.split else ""  # else the originator stands there
        self._blanks = f"(origin_id GLOB '* '{before})"
        self._showing: dict[Lesson, str] = {
            "all": "TRUE",
            "blanks": self._blanks,
            "letters": "has_letters(origin_id)",
        }

    def hold(self, rules: KeyRules, *, reading: bool = False) -> None:
        """Holds back creates that `rules` leave room to take for other rows, and blocks those that they say are taken.

        `reading`: the keys that were read count, else those of the plan's changes.
        """
        places = ",".join(map(str, self._rivals if reading else [self._index, *self._rivals]))
        table = f"SELECT origin_id FROM change WHERE entity IN ({places})"  # noqa: S608  # numbers of ours
        if reading:
            table += " UNION ALL SELECT origin_id FROM seen"
        if not self._any("TRUE") or not self._possible(table, rules):
            return
        self._collect(table, rules)
        for rows in self._colliding(rules.confused):
            self._hold(rows)
        self.block(rules)

    def add(self, pairs: Mapping[str, str], rules: KeyRules) -> None:
        """Holds creates back because of other keys of ours: key → the other one."""
        if not pairs:
            return
        form = rules.confused
        rows = [(key, form(self._target.stamp.text(key))) for pair in pairs.items() for key in pair]
        self._workspace.run_many(
            "INSERT OR IGNORE INTO alike VALUES (?, ?, ?)", ((self._index, key, each) for key, each in rows)
        )
        self._hold(list(pairs.items()))

    def block(self, rules: KeyRules) -> None:
        """Blocks what is held back and surely taken for another row."""
        self._block(rules.surely_confused)
        self._group(rules.confused)

    def any_held(self) -> bool:
        return self._any("reason IS NOT NULL")

    def any_blanks(self) -> bool:
        """Whether blanks may be all that tells some keys apart."""
        sql = f"SELECT 1 FROM alike WHERE entity = ? AND {self._blanks} LIMIT 1"  # noqa: S608
        return self._workspace.run(sql, (self._index,)).fetchone() is not None

    def settle(self, rules: KeyRules) -> None:
        """Blocks what is held back and may still be taken for another row; the rest may be sent."""
        self._block(rules.confused)
        self._workspace.run(
            "UPDATE change AS c SET reason = NULL, message = NULL "  # noqa: S608
            f"WHERE entity = ? AND reason IS NOT NULL AND {_UNSENT}",
            (self._index,),
        )

    def teachers(self, of: Lesson, longer_than: int = 0) -> Iterator[list[Entry]]:
        """Unsent creates that can show something, the longest key first, what is held back last, in chunks to be read
        before one is sent.

        `longer_than` is in characters of the key. Of those that are held back only such are given as nothing is taken
        for that is in the portal.
        """
        self._workspace.define("has_letters", _has_letters)
        start = 0
        while True:
            rows = self._workspace.run(
                f"SELECT origin_id, action, fields FROM change c WHERE entity = ? AND {self._showing[of]} "  # noqa: S608
                f"AND length(origin_id) > ? AND {_UNSENT} AND (reason IS NULL OR {_ALL_UNSENT}) "
                "ORDER BY reason IS NOT NULL, length(origin_id) DESC, origin_id LIMIT ? OFFSET ?",
                (self._index, longer_than, CHUNK, start),
            ).fetchall()
            if not rows:
                return
            start += len(rows)
            yield [Entry(*row) for row in rows]

    def there(self) -> str | None:
        """A key with letters whose item the portal has had before; one that others are held back for, if there is."""
        self._workspace.define("has_letters", _has_letters)
        row = self._workspace.run(
            "SELECT a.origin_id FROM alike a WHERE a.entity = ? AND has_letters(a.origin_id) AND NOT EXISTS "
            "(SELECT 1 FROM change c WHERE c.entity = a.entity AND c.origin_id = a.origin_id AND c.action <> 'adopt') "
            "UNION ALL SELECT c.origin_id FROM change c "
            "WHERE c.entity = ? AND c.action = 'adopt' AND has_letters(c.origin_id) LIMIT 1",
            (self._index, self._index),
        ).fetchone()
        return None if row is None else row[0]

    def _any(self, condition: str) -> bool:
        sql = f"SELECT 1 FROM change c WHERE entity = ? AND {condition} AND {_UNSENT} LIMIT 1"  # noqa: S608
        return self._workspace.run(sql, (self._index,)).fetchone() is not None

    def _possible(self, table: str, rules: KeyRules) -> bool:
        """Whether any two keys could collide at all, by the characters that keys are made of."""

        def some(condition: str) -> bool:
            sql = f"SELECT 1 FROM ({table}) WHERE {condition} LIMIT 1"  # noqa: S608  # conditions of ours
            return self._workspace.run(sql).fetchone() is not None

        if rules.folds is not False and (
            (some("origin_id GLOB '*[a-z]*'") and some("origin_id GLOB '*[A-Z]*'")) or some("origin_id GLOB '*[^ -~]*'")
        ):
            return True
        if rules.trims is not False and some(self._blanks):
            return True
        room = len(self._target.stamp.text(""))
        return rules.cuts_at is not None and some(f"length(origin_id) > {rules.cuts_at - room}")

    def _collect(self, table: str, rules: KeyRules) -> None:
        """Adds the keys that collide under `rules` to `alike`, those of other rows too."""
        run = self._workspace.run
        self._define(rules.confused)
        run("DROP TABLE IF EXISTS form_twice")
        run(
            f"CREATE TABLE form_twice AS SELECT key_form(origin_id) AS form FROM ({table}) "  # noqa: S608
            "GROUP BY 1 HAVING min(origin_id) < max(origin_id)"
        )
        if run("SELECT 1 FROM form_twice LIMIT 1").fetchone() is not None:
            run("CREATE UNIQUE INDEX form_twice_by_form ON form_twice (form)")
            run(
                f"INSERT OR IGNORE INTO alike SELECT ?, k.origin_id, t.form FROM ({table}) k "  # noqa: S608
                "JOIN form_twice t ON t.form = key_form(k.origin_id)",
                (self._index,),
            )
        run("DROP TABLE form_twice")

    def _define(self, form: Callable[[str], str]) -> None:
        text = self._target.stamp.text
        self._workspace.define("key_form", lambda key: form(text(key)))

    def _group(self, form: Callable[[str], str]) -> None:
        self._define(form)
        self._workspace.run("UPDATE alike SET form = key_form(origin_id) WHERE entity = ?", (self._index,))

    def _hold(self, rows: Sequence[tuple[str, str]]) -> None:
        self._workspace.run_many(
            f"UPDATE change AS c SET reason = ?, message = ? WHERE entity = ? AND origin_id = ? AND {_UNSENT}",  # noqa: S608
            ((Reason.DUPLICATE_KEY, _message(other), self._index, key) for key, other in rows),
        )

    def _block(self, form: Callable[[str], str]) -> None:
        for rows in self._colliding(form):
            self._workspace.run_many(
                "UPDATE change AS c SET action = 'blocked', fields = NULL, reason = ?, message = ? "  # noqa: S608
                f"WHERE entity = ? AND origin_id = ? AND {_UNSENT}",
                ((Reason.DUPLICATE_KEY, _message(other), self._index, key) for key, other in rows),
            )

    def _colliding(self, form: Callable[[str], str]) -> Iterator[list[tuple[str, str]]]:
        """Unsent creates whose key has its form in common with others, each with one of them, in chunks."""
        self._group(form)
        after = ""
        while True:
            rows = self._workspace.run(
                f"SELECT c.origin_id, {_OTHER} AS other FROM alike k JOIN change c USING (entity, origin_id) "  # noqa: S608
                f"WHERE k.entity = ? AND k.origin_id > ? AND {_UNSENT} AND other IS NOT NULL "
                "ORDER BY k.origin_id LIMIT ?",
                (self._index, after, CHUNK),
            ).fetchall()
            if not rows:
                return
            after = rows[-1][0]
            yield rows


def _has_letters(key: str) -> bool:
    return any(map(str.isalpha, key))


def _message(other: str) -> str:
    return (
        f"the portal may take this key for {other!r}, which is another row or an item of ours: make originId differ in "
        "more than case, accents, blanks around it or its end (an item whose row is gone: `syncer state forget` it)"
    )
