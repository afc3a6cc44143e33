"""The file and the environment as places for secrets, alone and one seeded by the other."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strava_assets.secrets.environment import EnvironmentStore
from strava_assets.secrets.errors import SecretStoreBusyError, SecretStoreError
from strava_assets.secrets.file import FileStore
from strava_assets.secrets.seeded import SeededStore
from strava_assets.settings_reader import load_settings
from strava_assets_tests.depth import examples
from strava_assets_tests.processes import Child
from strava_assets_tests.stores import open_store, values_of

if TYPE_CHECKING:
    from pathlib import Path

SEED = {"client_id": "1", "client_secret": "canary-secret", "refresh_token": "canary-seed"}
ROTATED = {"refresh_token": "canary-rotated", "access_token": "canary-access", "expires_at": "9"}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_file_that_is_not_there_is_empty_and_stays_away(tmp_path: Path) -> None:
    assert FileStore(tmp_path / "home" / "tokens.json").read() == {}
    assert list(tmp_path.iterdir()) == []


def test_the_file_and_a_new_folder_are_closed_to_others(tmp_path: Path) -> None:
    path = tmp_path / "home" / "tokens.json"
    mask = os.umask(0)
    try:
        store = FileStore(path)
        store.replace(ROTATED)
        with store.lock():
            assert mode(path.with_suffix(".lock")) == 0o600
    finally:
        os.umask(mask)
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)
    assert store.read() == ROTATED


def test_a_file_left_open_to_others_is_closed_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "tokens.json"
    path.write_text(json.dumps(ROTATED))
    path.chmod(0o644)
    assert FileStore(path).read() == ROTATED
    assert mode(path) == 0o600
    assert "was open to others (mode 644)" in caplog.text
    assert "canary" not in caplog.text


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b'{"refresh_token": 5}',
        b'{"refresh_token": "canary',
        b"\0",
        b'{"refresh_token": "canary\xe9"}',
        b"[" * 100_000,
        b'{"canary":' * 5_000,
        b'{"canary": "' + b" " * 100_000 + b'"}',
    ],
    ids=["empty", "a list", "a number", "cut", "NUL", "not UTF-8", "deep list", "deep object", "large"],
)
def test_a_file_of_another_kind_is_left_alone_and_not_quoted(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "tokens.json"
    path.write_bytes(content)
    with pytest.raises(SecretStoreError, match="is not a token file") as refused:
        FileStore(path).read()
    assert path.read_bytes() == content
    assert refused.value.__cause__ is None
    assert "canary" not in str(refused.value)
    assert "strava-assets login" in refused.value.remedy


def test_a_folder_in_the_place_of_the_file_is_reported_with_its_remedy(tmp_path: Path) -> None:
    (tmp_path / "tokens.json").mkdir()
    store = FileStore(tmp_path / "tokens.json")
    with pytest.raises(SecretStoreError, match=r"tokens\.json is a folder") as refused:
        store.read()
    assert "Move it away" in refused.value.remedy
    with pytest.raises(SecretStoreError, match="cannot be written"):
        store.replace(ROTATED)


@pytest.mark.parametrize("name", ["tokens.json", "tokens.lock"])
def test_a_symbolic_link_is_refused_and_what_it_leads_to_is_untouched(tmp_path: Path, name: str) -> None:
    target = tmp_path / "elsewhere.json"
    target.write_text(json.dumps(ROTATED))
    target.chmod(0o644)
    store = FileStore(tmp_path / "home" / "tokens.json")
    (tmp_path / "home").mkdir(mode=0o700)
    (tmp_path / "home" / name).symlink_to(target)

    def lock() -> None:
        with store.lock():
            pass

    for attempt in (store.read, lambda: store.replace(SEED)) if name == "tokens.json" else (lock,):
        with pytest.raises(SecretStoreError, match=f"{name} is a symbolic link") as refused:
            attempt()
        assert "canary" not in str(refused.value)
    assert (mode(target), target.read_text()) == (0o644, json.dumps(ROTATED))
    assert (tmp_path / "home" / name).is_symlink()


def test_a_link_that_leads_nowhere_is_refused_and_nothing_is_made_there(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    for name in ("tokens.json", "tokens.lock"):
        (tmp_path / "home" / name).symlink_to(tmp_path / "nowhere")
    store = SeededStore(FileStore(tmp_path / "home" / "tokens.json"), SEED)
    with pytest.raises(SecretStoreError, match="symbolic link"):
        store.write(ROTATED)
    assert not (tmp_path / "nowhere").exists()


def test_a_named_pipe_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "tokens.json")
    with pytest.raises(SecretStoreError, match="no plain file"):
        FileStore(tmp_path / "tokens.json").read()


def test_a_lock_file_that_others_could_open_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "tokens.lock"
    path.touch(0o666)
    path.chmod(0o666)
    with FileStore(tmp_path / "tokens.json").lock():
        assert mode(path) == 0o600


def test_what_a_killed_writer_left_goes_with_the_next_write_and_at_the_latest_with_a_logout(
    tmp_path: Path,
) -> None:
    store = FileStore(tmp_path / "tokens.json")
    left = tmp_path / ".tokens.json.0123456789abcdef"
    own = tmp_path / ".tokens.json.bak"
    own.touch()
    left.write_text("canary")
    store.replace(ROTATED)
    assert not left.exists()
    left.write_text("canary")
    store.clear()
    assert not left.exists()
    assert own.exists()


def test_a_file_in_the_place_of_the_folder_is_reported_with_its_remedy(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    store = FileStore(tmp_path / "home" / "tokens.json")
    with pytest.raises(SecretStoreError, match="cannot be written"):
        store.replace(ROTATED)
    with pytest.raises(SecretStoreError), store.lock():
        pass


def test_a_failed_write_keeps_the_old_file_and_leaves_no_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FileStore(tmp_path / "tokens.json")
    store.replace(ROTATED)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SecretStoreError, match="No space left on device"):
        store.replace({"refresh_token": "newer"})
    assert store.read() == ROTATED
    assert [path.name for path in tmp_path.iterdir()] == ["tokens.json"]


def test_a_lock_that_another_process_holds_is_waited_for_within_bounds(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    code = (
        "import sys; from pathlib import Path; from strava_assets.secrets.file import FileStore\n"
        "with FileStore(Path(sys.argv[1])).lock():\n    print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(path)]
    slept: list[float] = []
    second_store = FileStore(path, sleep=slept.append, lock_wait_s=1)
    with Child(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(SecretStoreBusyError, match="for 1 seconds"), second_store.lock():
            pass
        holder.kill()
    assert sum(slept) == pytest.approx(1, abs=0.06)
    with second_store.lock():
        assert len(slept) <= 21


def test_threads_of_one_process_hold_each_other_off(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    inside: list[int] = []
    overlaps: list[int] = []

    def hold() -> None:
        with FileStore(path).lock():
            inside.append(1)
            overlaps.append(len(inside))
            inside.pop()

    threads = [threading.Thread(target=hold) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert overlaps == [1] * 8


def test_a_write_waits_for_a_lock_that_another_process_holds_and_needs_none_of_its_own(
    tmp_path: Path,
) -> None:
    path = tmp_path / "tokens.json"
    store = seeded(path, **SEED)
    with store.lock():
        store.write(ROTATED)
        other = SeededStore(FileStore(path, sleep=lambda _: None, lock_wait_s=0.1), SEED)
        with pytest.raises(SecretStoreBusyError):
            other.write({"athlete_id": "7"})
    other.write({"athlete_id": "7"})
    assert store.read() == SEED | ROTATED | {"athlete_id": "7"}


def test_the_environment_is_read_and_never_written() -> None:
    environ = {"STRAVA_CLIENT_ID": " 1 ", "STRAVA_CLIENT_SECRET": "canary", "STRAVA_REFRESH_TOKEN": ""}
    store = EnvironmentStore(load_settings(environ, env_file=None).credentials)
    with store.lock():
        assert store.read() == {"client_id": "1", "client_secret": "canary"}
    for attempt in (store.clear, lambda: store.write({"refresh_token": "canary"})):
        with pytest.raises(SecretStoreError) as refused:
            attempt()
        assert "canary" not in str(refused.value)
    assert not store.writable


def seeded(path: Path, **seed: str) -> SeededStore:
    return SeededStore(FileStore(path), seed)


def test_the_seed_is_used_until_something_was_kept_and_the_file_after_that(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    assert seeded(path, **SEED).read() == SEED
    seeded(path, **SEED).write(ROTATED)
    assert seeded(path, **SEED).read() == SEED | ROTATED


def test_a_newly_pasted_token_wins_and_takes_nothing_of_the_old_grant(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    seeded(path, **SEED).write(ROTATED | {"scope": "read", "athlete_id": "7"})
    pasted = SEED | {"refresh_token": "canary-pasted"}
    assert seeded(path, **pasted).read() == pasted
    seeded(path, **pasted).write({"refresh_token": "canary-newer"})
    assert seeded(path, **pasted).read()["refresh_token"] == "canary-newer"


def test_a_login_wins_over_a_seed_that_was_there_before(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    seeded(path, **SEED).write({"refresh_token": "canary-login", "scope": "read,activity:read_all"})
    assert seeded(path, **SEED).read()["refresh_token"] == "canary-login"


def test_a_login_without_any_seed_stands_on_its_own(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    seeded(path).write(SEED | ROTATED)
    assert seeded(path).read() == SEED | ROTATED
    assert seeded(path, client_id="1", client_secret="canary-secret").read() == SEED | ROTATED


def test_a_corrected_client_secret_wins_and_keeps_the_tokens(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    seeded(path, **SEED).write(ROTATED)
    corrected = seeded(path, **SEED | {"client_secret": "corrected"}).read()
    assert corrected == SEED | ROTATED | {"client_secret": "corrected"}


def test_tokens_of_another_application_are_not_used(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    seeded(path).write(SEED | ROTATED)
    other = {"client_id": "2", "client_secret": "other"}
    assert seeded(path, **other).read() == other


def test_clearing_forgets_the_file_and_not_the_seed(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    store = seeded(path, **SEED)
    store.write(ROTATED)
    store.clear()
    store.clear()
    assert not path.exists()
    assert store.read() == SEED


def test_the_seed_is_remembered_as_a_salted_hash_alone(tmp_path: Path) -> None:
    marks = set()
    for name in ("one.json", "two.json"):
        seeded(tmp_path / name, **SEED).write(ROTATED)
        document = json.loads((tmp_path / name).read_text())
        assert "canary-seed" not in json.dumps(document)
        marks.add(document["seed_mark"])
    assert len(marks) == 2


@pytest.mark.parametrize("kind", ["file", "env"])
def test_no_store_shows_what_it_holds(tmp_path: Path, kind: str) -> None:
    environ = {"STRAVA_CLIENT_SECRET": "canary-secret", "STRAVA_REFRESH_TOKEN": "canary-seed"}
    store = open_store("env" if kind == "env" else "file", environ=environ, path=tmp_path / "tokens.json")
    assert "canary" not in repr(store) + str(store) + store.name
    assert store.read() == values_of(environ)


TOKENS = st.dictionaries(
    st.sampled_from(["refresh_token", "access_token", "expires_at"]), st.text(min_size=1)
)


@settings(max_examples=examples(30), deadline=None)
@given(writes=st.lists(TOKENS, max_size=4), token=st.text(min_size=1))
def test_whatever_is_written_is_read_back_by_the_next_run(
    tmp_path_factory: pytest.TempPathFactory, writes: list[dict[str, str]], token: str
) -> None:
    path = tmp_path_factory.mktemp("store") / "tokens.json"
    expected = {"refresh_token": token}
    for values in writes:
        seeded(path, refresh_token=token).write(values)
        expected |= values
    assert seeded(path, refresh_token=token).read() == expected
