"""A message is plain text: no name in it becomes a mention, a link or a picture for any receiver."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strava_assets.alerts import Message

HOSTILE = (
    "<!channel> <!here|x> <@U024BE7LH> <#C024BE7LR> <users/all> @everyone @HERE @channel @all "
    "[click](http://evil) ![i](http://evil/x.png)"
)


def test_what_would_be_a_mention_or_a_link_is_broken_and_reads_the_same() -> None:
    message = Message("failed", HOSTILE, HOSTILE, "abc")
    for text in (message.title, message.body):
        assert HOSTILE in text.replace("\u200b", "")
        for part in ("<!", "<@", "<#", "<users/", "@everyone", "@HERE", "@channel", "@all", "]("):
            assert part not in text


def test_what_a_person_copies_is_left_alone() -> None:
    text = "grant it to sync@project.iam.gserviceaccount.com in <home>, see [1] (https://x.org/a?b=c#d)"
    assert Message("failed", "", text).body == text


def test_a_title_is_one_line_and_a_long_text_is_cut() -> None:
    message = Message("failed", "a\nb\r\n c", "x" * 10_000, "abc")
    assert message.title == "a b c"
    assert len(message.body) < 3_100
    assert message.body.endswith("…\n\nRun abc")


@given(st.text(st.sampled_from("<!@#[](/ evryonhal\u200b")))
def test_no_text_keeps_a_mention(text: str) -> None:
    body = Message("failed", "", text).body
    for part in ("<!", "<@", "<#", "@everyone", "@here", "@all", "]("):
        assert part not in f"{body} "


@pytest.mark.parametrize("run_id", ["", "abc"])
def test_the_run_is_named_where_there_is_one(run_id: str) -> None:
    assert ("Run" in Message("test", "", "text", run_id).body) == bool(run_id)
