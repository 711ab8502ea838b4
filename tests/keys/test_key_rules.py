"""What is concluded from how a portal stored and found keys."""

from __future__ import annotations

import pytest

from syncer.model.key_rules import UNSEEN, KeyRules, fold, loose

CUTS = KeyRules(cuts_at=4)


@pytest.mark.parametrize(
    ("sent", "stored", "learned"),
    [
        ("abc", "abc", KeyRules(longest=3)),
        ("abc ", "abc ", KeyRules(trims=False, longest=4)),
        ("abc ", "abc", KeyRules(trims=True, longest=3)),
        (" abc", "abc", KeyRules(trims=True, longest=3)),
        ("abc ", "ab", KeyRules(cuts_at=2, longest=2)),
        (" abc", "ab", KeyRules(trims=True, cuts_at=2, longest=2)),
        ("abcdef", "abcd", KeyRules(cuts_at=4, longest=4)),
        ("ABC", "abc", KeyRules(longest=3)),
        ("abc", "", UNSEEN),
    ],
)
def test_an_echo_teaches(sent: str, stored: str, learned: KeyRules) -> None:
    assert UNSEEN.seen(sent, stored) == learned


def test_a_portal_that_cuts_no_more_is_believed() -> None:
    assert CUTS.seen("abcdef", "abcdef").cuts_at is None
    assert CUTS.seen("abc", "abc").cuts_at == 4


def test_one_blank_less_may_be_a_cut_and_the_next_key_tells() -> None:
    rules = UNSEEN.seen("Val2 ", "Val2")
    assert rules.unproved("VALON")
    assert rules.seen("VALON", "VALO").cuts_at == 4


@pytest.mark.parametrize(
    ("rules", "text", "forms"),
    [
        (UNSEEN, "abc", ["abc"]),
        (UNSEEN, " abc ", [" abc ", "abc", " abc"]),
        (KeyRules(trims=False), " abc ", [" abc "]),
        (KeyRules(trims=True), "abc ", ["abc ", "abc"]),
        (CUTS, "abcdef", ["abcdef", "abcd"]),
        (KeyRules(trims=True, cuts_at=4), " abcdef", [" abcdef", " abc", "abcd"]),
    ],
)
def test_a_key_is_looked_up_in_every_form_it_may_have(rules: KeyRules, text: str, forms: list[str]) -> None:
    assert list(rules.forms(text)) == forms


def test_a_text_longer_than_all_before_may_have_been_cut_anywhere_behind_them() -> None:
    assert KeyRules(longest=3).beginnings("abcdef") == ("abc", "abcd", "abcde")
    assert KeyRules(longest=3).beginnings("abc") == ()
    assert CUTS.beginnings("abcdef") == ()


@pytest.mark.parametrize("rules", [UNSEEN, KeyRules(trims=True, folds=True), KeyRules(trims=True)])
def test_what_is_not_seen_apart_is_confused(rules: KeyRules) -> None:
    assert len({rules.confused(each) for each in ("abc", "ABC", "ábc", "abc ")}) == 1
    assert len({KeyRules(trims=False, folds=False).confused(each) for each in ("abc", "ABC", "ábc", "abc ")}) == 4


def test_only_what_was_seen_to_be_confused_surely_is() -> None:
    texts = ("abc", "ABC", "ábc", "abc ")
    assert len({UNSEEN.surely_confused(each) for each in texts}) == 4
    assert len({KeyRules(trims=True).surely_confused(each) for each in texts}) == 3
    assert len({KeyRules(folds=True).surely_confused(each) for each in texts}) == 1


@pytest.mark.parametrize("text", ["abc", "ABC", "Müller", "Straße", "erp:42-a", "Ключ", "q7"])
def test_loose_texts_are_others_that_fold_alike(text: str) -> None:
    others = loose(text)
    assert others
    assert all(each != text and fold(each) == fold(text) for each in others)


def test_a_number_has_no_loose_texts() -> None:
    assert loose("1234-5") == ()
