"""Paths of organizational units: written and read without loss, compared as people read them."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vending.request.ou_paths import PATTERN, hidden_characters, join, quote, reading, split

CORNERS = st.sampled_from("ab/\\ é\n\u0301\u00a0\u200b\u200f\uff21ßİ")
NAMES = st.text(CORNERS | st.characters(codec="utf-8"), min_size=1, max_size=8).filter(str.strip)


@given(names=st.lists(NAMES, max_size=5))
def test_path_of_any_names_is_split_into_them(names: list[str]) -> None:
    path = join(names)

    assert split(path) == tuple(names)
    assert re.search(PATTERN, path)


@given(text=st.text(CORNERS, max_size=10).map("/".__add__))
def test_text_that_is_a_path_has_one_spelling(text: str) -> None:
    try:
        names = split(text)
    except ValueError:
        return

    assert join(names) == text


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/", ()),
        ("/Workloads/Sandbox", ("Workloads", "Sandbox")),
        (r"/CI\/CD", ("CI/CD",)),
        (r"/A\\/B", ("A\\", "B")),
        (r"/A\\\/B", ("A\\/B",)),
    ],
)
def test_path_with_escapes_is_split_as_documented(path: str, names: tuple[str, ...]) -> None:
    assert split(path) == names


@pytest.mark.parametrize("path", ["", "A", "//", "/A/", "/A//B", "/ ", r"/A\B", "/A\\", "/A\\\n"])
def test_text_that_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match=r"must begin|empty name|stands before neither"):
        split(path)


@given(name=NAMES)
def test_reading_is_blind_to_form_and_to_what_cannot_be_seen(name: str) -> None:
    read = reading(name)

    assert reading(read) == read
    assert reading(f"  \u200b{name}\u200f\n") == read
    assert reading(unicodedata.normalize("NFC", name)) == read
    assert reading(unicodedata.normalize("NFD", name)) == read
    assert not list(hidden_characters(read))


@pytest.mark.parametrize("other", ["Sandbox2", "Sand box", "Sandböx", "Sand-box", "Sand/box"])
def test_names_that_people_distinguish_have_other_readings(other: str) -> None:
    assert reading(other) != reading("Sandbox")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/Café/CI\\/CD", "/Café/CI\\/CD"),
        ("/Sandbox ", "'/Sandbox '"),
        ("/Sand\u200bbox\n", r"'/Sand\u200bbox\u000a'"),
        ("/Cafe\u0301", r"'/Cafe\u0301'"),
        ("/a\U000e0001", r"'/a\U000e0001'"),
    ],
)
def test_text_that_does_not_show_what_it_is_is_quoted(text: str, shown: str) -> None:
    assert quote(text) == shown


@given(name=NAMES)
def test_quoted_text_hides_nothing(name: str) -> None:
    assert not list(hidden_characters(quote(name)))


def test_hidden_characters_are_named_with_their_places() -> None:
    assert list(hidden_characters("Sand\u200bbox\x07\u2800")) == [
        "U+200B ZERO WIDTH SPACE at position 5",
        "U+0007 CONTROL CHARACTER at position 9",
        "U+2800 BRAILLE PATTERN BLANK at position 10",
    ]
