"""Child processes of tests."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, AnyStr

from typing_extensions import override

if TYPE_CHECKING:
    from types import TracebackType


class Child(subprocess.Popen[AnyStr]):
    """A process whose `with` block waits for its end, but kills it where a test fails or runs out of time."""

    @override
    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if exc_type:
            self.kill()
        super().__exit__(exc_type, value, traceback)
