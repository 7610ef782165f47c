"""Where the checkout's files are, for tests in any folder."""

import os
from pathlib import Path

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent
ASSETS = ROOT / "assets"
CONFIGS = ROOT / "configs"
# real corpora and vectors; tests that read them skip where they are missing
DATA = Path(os.environ.get("BILSTM_CRF_DATA", ROOT.parent / "shared" / "data"))
MISSING = "not in the folder of real corpora ($BILSTM_CRF_DATA)"
