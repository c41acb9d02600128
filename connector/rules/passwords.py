"""Which passwords are too easily guessed. Length counts, composition does not. Pure.

No list of other people's passwords: the common ones of twelve characters and more are a few words with digits behind
them, walks along the keyboard, and repetitions, and that is what is looked for.
"""

from __future__ import annotations

import re

SHORTEST, LONGEST = 12, 128
FEWEST_DIFFERENT = 5
NAMED, LONGEST_PIECE = 4, 8
_LOOKS_LIKE = str.maketrans("014357$@!|", "oiaestsail")
_WORDS = (
    "password", "passwort", "passwd", "kennwort", "geheim", "secret", "welcome", "willkommen", "hallo", "hello",
    "letmein", "login", "administrator", "admin", "root", "user", "test", "qwertz", "qwerty", "iloveyou", "monkey",
    "dragon", "football", "fussball", "sunshine", "princess", "master", "shadow", "superman", "batman", "trustno",
    "change", "changeme", "default", "hubspot", "leadwright", "spring", "summer", "autumn", "winter", "fruehling",
    "sommer", "herbst", "january", "february", "march", "april", "june", "july", "august", "september", "october",
    "november", "december", "januar", "februar", "maerz", "mai", "juni", "juli", "oktober", "dezember", "monday",
    "montag", "company", "firma",
)  # fmt: skip
_WALKS = (
    "abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "qwertzuiopü", "asdfghjklöä", "zxcvbnm", "yxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6zhn7ujm", "1q2w3e4r5t6y7u8i9o0p", "1q2w3e4r5t6z7u8i9o0p", "qazwsxedcrfvtgbyhnujm",
)  # fmt: skip
_ROWS = tuple(row for walk in _WALKS for row in (walk, walk[::-1]))
_LETTERS = re.compile(r"[^a-zäöüß]+")

TOO_SHORT = "It has fewer than 12 characters."
TOO_LONG = "It has more than 128 characters."
TOO_PLAIN = "It is one of the first that would be guessed: the same few characters, a row of keys, or a common word."
TOO_NEAR = "It holds your name or your address."


def weakness(password: str, email: str = "", name: str = "") -> str:
    """What is wrong with a password, as a sentence; empty when nothing is."""
    if len(password) < SHORTEST:
        return TOO_SHORT
    if len(password) > LONGEST:
        return TOO_LONG
    plain = password.casefold()
    if _of_the_person(plain, email, name):
        return TOO_NEAR
    if len(set(plain)) < FEWEST_DIFFERENT or _repeats(plain) or _walks(plain) or _common(plain):
        return TOO_PLAIN
    return ""


def _of_the_person(plain: str, email: str, name: str) -> bool:
    local, _, domain = email.casefold().partition("@")
    parts = [local, domain.partition(".")[0], *re.split(r"[^\w]+|_", local), *name.casefold().split()]
    return any(len(part) >= NAMED and part in plain for part in parts)


def _repeats(plain: str) -> bool:
    """A short piece over and over: abcabcabcabc."""
    most = min(LONGEST_PIECE, len(plain) // 2)
    return any(plain == (plain[:size] * len(plain))[: len(plain)] for size in range(1, most + 1))


def _walks(plain: str) -> bool:
    """Nearly all of it lies on rows of keys, the alphabet or the digits, in either direction."""
    on_a_row: set[int] = set()
    for at in range(len(plain) - NAMED + 1):
        if any(plain[at : at + NAMED] in row for row in _ROWS):
            on_a_row.update(range(at, at + NAMED))
    return len(plain) - len(on_a_row) <= len(plain) // 4


def _common(plain: str) -> bool:
    """Common words and what is put around them, and hardly anything else."""
    return any(_rest(_LETTERS.sub("", told)) <= NAMED - 1 for told in (plain, plain.translate(_LOOKS_LIKE)))


def _rest(letters: str) -> int:
    """How many letters are left when the common words are taken out; many when there was none."""
    found = letters
    for word in sorted(_WORDS, key=len, reverse=True):
        found = found.replace(word, "")
    return len(found) if found != letters else len(letters) + NAMED
