"""How a portal keeps and compares outside keys, as far as it has been seen; the documentation does not say.

A text here is the whole stamped one: the key, or `originatorId:key`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Self


@dataclass(frozen=True, slots=True)
class KeyRules:
    """What one field of one entity type does to texts. None: not seen yet."""

    trims: bool | None = None
    """Whether blanks around a text are lost."""
    cuts_at: int | None = None
    """How many characters are kept, where a longer text was seen to lose some."""
    folds: bool | None = None
    """Whether a text is found by another one that differs in case, accents or blanks alone."""
    longest: int = 0
    """Characters of the longest text that was kept whole, so that a cut can only come after them."""
    filters: bool = False
    """Whether a random text was seen to find nothing while the type had items."""

    def stored(self, text: str) -> str:
        """The text as the portal keeps it, by all that is known."""
        return self._cut(text.strip() if self.trims else text)

    def forms(self, text: str) -> tuple[str, ...]:
        """Texts that an item of this text may bear: what was sent, and what the portal may have made of it."""
        if text == text.strip() and self.cuts_at is None:
            return (text,)
        trimmed = () if self.trims is False else (self._cut(text.strip()), self._cut(text.rstrip()))
        return tuple(dict.fromkeys(filter(None, (text, self._cut(text), *trimmed))))

    def beginnings(self, text: str) -> tuple[str, ...]:
        """What a portal may have left of a text that is longer than all that it kept whole so far."""
        if self.cuts_at is not None:
            return ()
        texts = dict.fromkeys((text, text.strip()))
        return tuple(dict.fromkeys(each[:end] for each in texts for end in range(max(1, self.longest), len(each))))

    def confused(self, text: str) -> str:
        """What is the same for all texts that the portal may take for one another, for all that is known."""
        kept = self._cut(text if self.trims is False else text.strip())
        return kept if self.folds is False else fold(kept)

    def surely_confused(self, text: str) -> str:
        """What is the same for all texts that the portal was seen to take for one another."""
        kept = self.stored(text)
        return fold(kept) if self.folds else kept

    def unproved(self, text: str) -> bool:
        """Whether the portal may cut this text, for all that is known."""
        return self.cuts_at is None and len(text) > self.longest

    def seen(self, sent: str, stored: str) -> Self:
        """These rules, and what the portal's echo of a text teaches."""
        if stored == sent:
            kept = replace(
                self, longest=max(self.longest, len(sent)), trims=False if sent != sent.strip() else self.trims
            )
            return replace(kept, cuts_at=None) if self.cuts_at is not None and len(sent) > self.cuts_at else kept
        if stored in (sent.strip(), sent.rstrip(), sent.lstrip()):
            return replace(self, trims=True, longest=max(self.longest, len(stored)))
        if stored and sent.startswith(stored):
            return replace(self, cuts_at=len(stored), longest=len(stored))
        if stored and sent.strip().startswith(stored):
            return replace(self, trims=True, cuts_at=len(stored), longest=len(stored))
        return replace(self, longest=max(self.longest, len(stored)))  # no rule foretells it; the ledger knows it

    def kept(self, texts: Iterable[str]) -> Self:
        """These rules, once the portal has shown items of exactly these texts."""
        longest, blanks = self.longest, False
        for text in texts:
            longest = max(longest, len(text))
            blanks = blanks or text != text.strip()
        return replace(self, longest=longest, trims=False if blanks else self.trims)

    def _cut(self, text: str) -> str:
        return text if self.cuts_at is None else text[: self.cuts_at]


UNSEEN: Final = KeyRules()


def fold(text: str) -> str:
    """The text as a portal that ignores case, accents and surrounding blanks may compare it."""
    if text.isascii():
        return text.strip().lower()
    plain = unicodedata.normalize("NFKD", text.strip())
    return "".join(mark for mark in plain if not unicodedata.combining(mark)).casefold()


def loose(text: str) -> tuple[str, ...]:
    """Other texts that fold as this one does: in the other case, and with an accent. Empty without letters."""
    letter = next((at for at, mark in enumerate(text) if mark.isalpha()), None)
    if letter is None:
        return ()
    accented = unicodedata.normalize("NFC", f"{text[: letter + 1]}\u0301{text[letter + 1 :]}")
    return tuple(each for each in (text.swapcase(), accented) if each != text and fold(each) == fold(text))
