"""Foreign text: nothing in it reaches a terminal as more than text."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from lightsernet_edge.files.foreign_text import composed, json_text, printable_text

NASTY = "\x1b]0;owned\x07\x9b2J\u202eabc\nJ\udcfcrgen 😀 ä"


def test_what_a_terminal_would_obey_is_escaped() -> None:
    text = printable_text(NASTY)
    assert text == "\\x1b]0;owned\\x07\\x9b2J\\u202eabc\\nJ\\xfcrgen 😀 ä"
    assert text.isprintable()


@given(st.text(st.characters(exclude_categories=())))
def test_json_stays_the_same_value(text: str) -> None:
    line = json_text({"a": [text, 1.5, None]})
    assert line.isprintable()
    assert json.loads(line) == {"a": [text, 1.5, None]}


def test_names_that_look_alike_are_equal() -> None:
    assert composed("A\u0308rger") == composed("Ärger") == "\u00c4rger"
    assert composed("J\udcfcrgen") == "J\udcfcrgen"
