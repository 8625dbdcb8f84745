"""Lets these tests share helpers: `synthetic` (a made-up study) and `browser` (headless Chromium)."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
