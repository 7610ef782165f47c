"""The wheel holds the package, and nothing else."""

import shutil
import subprocess
import sys
import zipfile

from paths import ROOT

PACKAGE = ROOT / "spacy_bilstm_crf"
BUILD = "import setuptools.build_meta as b; b.build_wheel('dist')"


def test_wheel_holds_the_package_alone(tmp_path):
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("spacy_bilstm_crf", "tests", "configs"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text("# Docs\n", encoding="utf-8")
    subprocess.run(
        [sys.executable, "-c", BUILD], cwd=tmp_path, check=True, capture_output=True
    )
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as file:
        names = {name for name in file.namelist() if ".dist-info/" not in name}
    kept = (".py", ".html", ".typed")
    sources = [path for path in PACKAGE.rglob("*") if path.suffix in kept]
    assert names == {path.relative_to(ROOT).as_posix() for path in sources}
