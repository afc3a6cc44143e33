"""Whatever stands in `.env` or in a variable: settings, or a refusal that says why and shows no secret."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from strava_assets.errors import ConfigurationError
from strava_assets.settings import Settings, choices, variable_name
from strava_assets.settings_reader import load_settings
from strava_assets_tests.depth import examples

if TYPE_CHECKING:
    from pathlib import Path

NAMES = [variable_name(field) for field in Settings.model_fields]
SECRETS = [
    variable_name(name)
    for name, field in Settings.model_fields.items()
    if "SecretStr" in str(field.annotation)
]
CANARY = "c4n4ry"
PLAUSIBLE = [
    *(
        "1",
        "-1",
        "0",
        "1e9",
        "nan",
        "inf",
        "true",
        "no",
        "9" * 5000,
        "~",
        "~x",
        "/",
        "..",
        "$HOME",
        "${HOME}",
    ),
    *(
        "https://",
        "http://[",
        "http://a:b",
        "http://h:0",
        "https://u:p@h",
        "gs://b/c",
        "file:///x",
        "::",
        "%20",
    ),
    *("Europe/Paris", "Ride,Run", ",", "a b", "'", '"', '""', "128MB", "\u0663MB", "\udce9", "\ud800", "\0"),
    *("slack://a/b/c", "json://h", "mailto://u:p@h", "\n", "\r\n", "\x1b[2J", "\u202e", "\ufeff"),
    *(choice for field in Settings.model_fields for choice in choices(field)),
]
values = st.one_of(
    st.sampled_from(PLAUSIBLE),
    st.text(),
    st.binary().map(os.fsdecode),
    st.lists(st.sampled_from(PLAUSIBLE)).map("".join),
)
names = st.one_of(
    st.sampled_from(NAMES),
    st.sampled_from(NAMES).map(str.lower),
    st.sampled_from(NAMES).flatmap(
        lambda name: st.integers(0, len(name)).map(lambda at: name[:at] + name[at + 1 :])
    ),
    st.text(min_size=1).map(lambda end: f"STRAVA_ASSETS_{end}"),
    st.text(min_size=1),
)
lines = st.one_of(
    st.binary(),
    st.text().map(str.encode),
    st.tuples(
        names.map(lambda name: name.encode(errors="replace")),
        st.sampled_from([b"=", b" = ", b": ", b" ", b"='", b'="', b"", b"+="]),
        values.map(lambda value: value.encode(errors="surrogatepass")) | st.binary(),
    ).map(b"".join),
)
SETTINGS = settings(
    deadline=None, max_examples=examples(300), suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def load(environ: dict[str, str], env_file: Path | None) -> str:
    """The message of the refusal; empty where the settings can be used."""
    try:
        load_settings(environ, env_file)
    except ConfigurationError as error:
        message = str(error)
        assert message.encode()
        assert "What to do: " in message
        return message
    return ""


@SETTINGS
@given(content=st.lists(lines).map(b"\n".join) | st.binary())
@example(b"STRAVA_ASSETS_HOME=/srv/R\xe9glages")
@example(b"STRAVA_ASSETS_HOME=a\0b")
@example(b"'")
@example(b"A=${")
@example("A=\u2028\x1c\x0b\x0c".encode())
def test_any_bytes_in_the_file_are_settings_or_a_refusal(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / ".env"
    file.write_bytes(content)
    load({}, file)


@pytest.mark.deep
@SETTINGS
@given(environ=st.dictionaries(names, values, max_size=4))
def test_any_variable_is_a_setting_or_a_refusal(environ: dict[str, str]) -> None:
    load(environ, None)


@pytest.mark.deep
@SETTINGS
@pytest.mark.parametrize("name", SECRETS)
@given(before=values, after=values, other=st.dictionaries(names, values, max_size=2))
def test_no_part_of_a_secret_is_in_a_message(
    name: str, before: str, after: str, other: dict[str, str]
) -> None:
    assert CANARY not in load({**other, name: f"{before}{CANARY}{after}"}, None)


@SETTINGS
@given(name=st.sampled_from(NAMES), before=values, after=values)
def test_no_password_of_an_address_is_in_a_message(name: str, before: str, after: str) -> None:
    assert CANARY not in load({name: f"{before}://user:{CANARY}@{after}"}, None)
