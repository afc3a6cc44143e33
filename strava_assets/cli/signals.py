"""What ends a command: Ctrl-C, a kill, a closed terminal; whatever its parent process ignored.

A shell starts a background job with an ignored SIGINT, which every child inherits, and Dagster copies the
handler of SIGINT to SIGTERM when a run starts: such a process could only be killed. So each command sets its
own handlers before Dagster is imported.
"""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StoppedError(KeyboardInterrupt):
    """A signal has asked this command to end.

    Attributes:
        exit_status: what a shell expects of a command that this signal ended.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.exit_status = 128 + number


@contextmanager
def stop_on_signals() -> Iterator[None]:
    """Have SIGINT, SIGTERM and SIGHUP raise `StoppedError` in the main thread during a block.

    An ignored SIGHUP stays ignored: that is what `nohup` is for.
    """
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    for number, handler in before.items():
        if number is not signal.SIGHUP or handler is not signal.SIG_IGN:
            signal.signal(number, _stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def exit_status(interrupt: KeyboardInterrupt) -> int:
    """The exit status of a command that an interrupt ended."""
    return interrupt.exit_status if isinstance(interrupt, StoppedError) else 128 + signal.SIGINT


def _stop(number: int, _: Any) -> None:
    raise StoppedError(number)
