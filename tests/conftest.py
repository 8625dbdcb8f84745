"""Settings for all tests."""

from __future__ import annotations

from hypothesis import settings

# On a busy machine an example may take any time, and no test is to fail by chance.
settings.register_profile("seedbed", deadline=None)
settings.load_profile("seedbed")
