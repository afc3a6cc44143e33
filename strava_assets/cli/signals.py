"""Signal handlers of commands.

A shell starts background jobs with an ignored SIGINT, which children inherit. Dagster copies the handler of
SIGINT to SIGTERM when a run starts, so only SIGKILL could end such a process. So each command sets its own
handlers before it imports Dagster.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_RESEND_AFTER_S = 0.05


class StoppedError(KeyboardInterrupt):
    """A signal stopped the command; `exit_status` is the conventional status for this signal."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.exit_status = 128 + number


@contextmanager
def stop_on_signals() -> Iterator[None]:
    """Raise `StoppedError` in the main thread on SIGINT, SIGTERM and SIGHUP during a block.

    An ignored SIGHUP stays ignored, because `nohup` relies on it. A signal that arrives in a destructor is
    sent again, because Python drops what is raised there.
    """
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    for number, handler in before.items():
        if number is not signal.SIGHUP or handler is not signal.SIG_IGN:
            signal.signal(number, _stop)
    hook, sys.unraisablehook = sys.unraisablehook, _resend_if_dropped
    try:
        yield
    finally:
        sys.unraisablehook = hook
        for number, handler in before.items():
            signal.signal(number, handler)


def exit_status(interrupt: KeyboardInterrupt) -> int:
    """The exit status for an interrupt."""
    return interrupt.exit_status if isinstance(interrupt, StoppedError) else 128 + signal.SIGINT


def _stop(number: int, _: Any) -> None:
    raise StoppedError(number)


def _resend_if_dropped(dropped: sys.UnraisableHookArgs) -> None:
    # Dagster's own exception for an interrupt is no Exception either.
    if issubclass(dropped.exc_type, (Exception, GeneratorExit, SystemExit)):
        sys.__unraisablehook__(dropped)
        return
    interrupt = dropped.exc_value
    status = exit_status(interrupt if isinstance(interrupt, KeyboardInterrupt) else KeyboardInterrupt())
    threading.Timer(_RESEND_AFTER_S, os.kill, (os.getpid(), status - 128)).start()
