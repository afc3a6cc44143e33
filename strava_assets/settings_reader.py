"""Reads the settings from the environment and `.env`, and says what is wrong with a variable."""

from __future__ import annotations

import logging
import os
import re
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from strava_assets.env_file import ENV_FILE, read_env_file
from strava_assets.errors import ConfigurationError
from strava_assets.setting_paths import printable, refuse_file_as_home
from strava_assets.settings import PREFIX, Settings, choices, variable_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

logger = logging.getLogger(__name__)

# A variable's name as people write it: all capitals, or none.
_NAME = re.compile(r"[A-Z_]{1,64}|[a-z_]{1,64}")


def load_settings(environ: Mapping[str, str] | None = None, env_file: Path | None = ENV_FILE) -> Settings:
    """Read and validate the settings.

    Args:
        environ: the environment; the process's own by default.
        env_file: the file that fills what the environment leaves out; None for none.

    Raises:
        ConfigurationError: the file cannot be read, an unknown variable, an impossible value or a
            contradiction; the message names each variable and what is possible, and never a secret.
    """
    in_file = read_env_file(env_file) if env_file else {}
    stripped = {
        name: value.strip()
        for name, value in {**in_file, **(os.environ if environ is None else environ)}.items()
    }
    variables = {
        name: value for name, value in stripped.items() if value
    }  # an empty variable is an unset one
    fields = {variable_name(field): field for field in Settings.model_fields}
    _refuse_unknown(variables, fields)
    values = {fields[name]: value for name, value in variables.items() if name in fields}
    if problems := [
        problem for field, value in values.items() for problem in _problems_of_text(field, value)
    ]:
        raise _unusable(problems)
    settings = _validated(values)
    try:
        refuse_file_as_home(settings.home)
    except ValueError as error:
        raise _unusable([_problem("home", settings.home, str(error))]) from None
    if settings.old_alert_variables:
        _warn_of_old_variables(settings.old_alert_variables)
    return settings


def changed_settings(settings: Settings, **fields: str) -> Settings:
    """The settings with other values of some fields.

    Raises:
        ConfigurationError: a value is impossible, or needs a setting that is missing.
    """
    return _validated({name: getattr(settings, name) for name in settings.model_fields_set} | fields)


def _validated(values: Mapping[str, Any]) -> Settings:
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise _unusable(_problems_of(error)) from None


@cache
def _warn_of_old_variables(names: tuple[str, ...]) -> None:
    """Say it once in a process, however often it reads the settings."""
    logger.warning(
        "Old alert settings are in use: %s. They work in this release and will be refused in the next one. "
        "Use %sALERT_URLS instead; docs/alerts.md shows what to write.",
        ", ".join(names),
        PREFIX,
    )


def _refuse_unknown(variables: Mapping[str, str], fields: Mapping[str, str]) -> None:
    hints = [problem for name in sorted(variables) if (problem := _problem_of_name(name, fields))]
    if not hints:
        return
    raise ConfigurationError(
        f"Unknown setting: {', '.join(hints)}.",
        means="A misspelt setting would silently do nothing, so nothing was started.",
        remedy="Correct or remove it, in the environment or in .env; .env.example lists every setting.",
    )


def _problem_of_name(name: str, fields: Mapping[str, str]) -> str:
    """A variable that is meant for this program and misspelt, with what was meant; empty for any other."""
    if name in fields:
        return ""
    upper = name.upper()
    if upper in fields:
        return f"{name} (it is written in capitals: {upper})"
    if upper.startswith(PREFIX):
        ends = {variable.removeprefix(PREFIX): variable for variable in fields}
        similar = [ends[end] for end in get_close_matches(upper.removeprefix(PREFIX), ends)]
    elif upper.startswith("STR") and not upper.startswith(tuple(fields)):
        # Another program may well have variables for Strava; a near miss is one letter or two.
        similar = get_close_matches(upper, fields, n=1, cutoff=0.9)
        if not similar:
            return ""
    else:
        return ""
    name_alone = _without_value(name)
    return f"{name_alone} (did you mean {' or '.join(similar)}?)" if similar else name_alone


def _without_value(name: str) -> str:
    """A misspelt name as far as it is a name: behind a lost `=` or end of line may be a secret."""
    beginning = _NAME.match(name)
    return name if beginning and beginning[0] == name else f"{beginning[0] if beginning else ''}…"


def _problems_of_text(field: str, value: str) -> list[str]:
    """What is wrong with a value whatever its type; usually nothing."""
    if "\0" in value:
        return [_problem(field, None, "holds a NUL character")]
    if any("\ud800" <= character <= "\udfff" for character in value):  # bytes that were no text
        return [_problem(field, None, "is not UTF-8")]
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return [
            _problem(
                field, None, "stands in quotation marks; remove them, because Docker and systemd pass them on"
            )
        ]
    return []


def _problems_of(error: ValidationError) -> list[str]:
    problems = []
    for problem in error.errors(include_url=False, include_context=False):
        message = problem["msg"].removeprefix("Value error, ")
        if not problem["loc"]:
            problems.append(f"{message}.")
            continue
        location = str(problem["loc"][0])
        field = next(
            name for name in Settings.model_fields if location in (name, Settings.model_fields[name].alias)
        )
        about = Settings.model_fields[field]
        if problem["type"] == "string_pattern_mismatch":
            message = f"must look like {(about.examples or [about.default])[0]}"
        possible = choices(field)
        what = f"possible: {', '.join(possible)}" if possible else message
        problems.append(_problem(field, problem["input"], what))
    return problems


def _problem(field: str, value: object, what: str) -> str:
    """One line of the message: the variable, its value unless that is secret, and what is wrong."""
    is_secret = "SecretStr" in str(Settings.model_fields[field].annotation)
    value_text = "" if value is None or is_secret else f"={printable(str(value))}"
    return f"{variable_name(field)}{value_text}: {what}."


def _unusable(problems: list[str]) -> ConfigurationError:
    return ConfigurationError(
        "The settings cannot be used:\n  " + "\n  ".join(problems),
        means="Nothing was started and nothing was changed.",
        remedy="Correct them in the environment or in .env; .env.example explains every one.",
    )
