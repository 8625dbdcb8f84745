"""The command line. Every command imports what it needs when it runs, so that `seedbed --help` answers at once."""

from seedbed.cli import models, studies
from seedbed.cli.group import main

__all__ = ["main", "models", "studies"]
