"""Check the built distributions: ``python -m tests.support.check_wheel FOLDER``.

The wheel has every file of the package and no other, depends on exactly what it should, and can be imported; the source
distribution has what it takes to run the tests.
"""

import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = "redis_aio"
DEPENDENCIES = {"anyio", "hiredis", "opentelemetry-api"}
SOURCES = {"Makefile", "README.md", "CHANGELOG.md", "LICENSE", "pyproject.toml", "tests/conftest.py", "docs/conf.py"}

IMPORT = """
import sys
sys.path.insert(0, sys.argv[1])
import redis_aio
print(redis_aio.__file__)
"""


def main(folder: Path) -> None:
    """Check the one wheel and the one source distribution in ``folder``; raises AssertionError."""
    (wheel,) = folder.glob("*.whl")
    (source,) = folder.glob("*.tar.gz")
    check_wheel(wheel)
    check_source(source)
    print(f"{wheel.name} and {source.name} are complete")


def check_wheel(wheel: Path) -> None:
    """Check the wheel's files, its dependencies, and that it can be imported."""
    with zipfile.ZipFile(wheel) as archive, tempfile.TemporaryDirectory() as unpacked:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        expected = {
            str(path.relative_to(ROOT))
            for path in (ROOT / PACKAGE).rglob("*")
            if path.is_file() and path.suffix != ".pyc"
        }
        assert names == expected, f"not as in the tree: {sorted(names ^ expected)}"
        assert f"{PACKAGE}/py.typed" in names
        (metadata,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        required = re.findall(r"^Requires-Dist: ([\w.-]+)(?!.*extra ==)", archive.read(metadata).decode(), re.MULTILINE)
        assert set(required) == DEPENDENCIES, f"the wheel depends on {required}"
        archive.extractall(unpacked)
        command = [sys.executable, "-I", "-c", IMPORT, unpacked]
        origin = subprocess.run(command, capture_output=True, text=True, check=True, cwd=unpacked, timeout=60).stdout
        assert origin.startswith(unpacked), f"imported {origin}, not the wheel"


def check_source(source: Path) -> None:
    """Check that the source distribution can be tested and documented."""
    with tarfile.open(source) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert names >= SOURCES, f"the source distribution lacks {sorted(SOURCES - names)}"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
