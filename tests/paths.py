"""Where the checkout's files are, for tests in any folder."""

from pathlib import Path

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent
ASSETS = ROOT / "assets"
CONFIGS = ROOT / "configs"
# real corpora, which tests skip without
DATA = ROOT.parent / "shared" / "data"
