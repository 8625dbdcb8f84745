"""Settings for all tests."""

from __future__ import annotations

import signal

from hypothesis import settings

# On a busy machine an example may take any time, and no test is to fail by chance.
settings.register_profile("seedbed", deadline=None)
settings.load_profile("seedbed")


def pytest_configure() -> None:
    """A shell's background jobs ignore interrupts, and so would what they start; the tests send some."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
