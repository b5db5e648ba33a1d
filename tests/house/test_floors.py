"""The house stands as it is drawn: imports go one way, and nothing lies about outside the floors."""

import ast
import re
import subprocess
import sys
from importlib.metadata import distributions, requires
from itertools import product
from pathlib import Path

import grimp
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bot import settings

TREE = Path(__file__).parents[2]
SHAPE = {"README.md", "pyproject.toml", "bot", "flows", "worker.py", "wsgi.py", "tests"}
AROUND = {"Makefile", ".ci", "docs", "LICENSE", "Dockerfile", "compose.yaml", ".gitignore", "requirements.lock"}
LOCK = TREE / "requirements.lock"


def test_imports_go_one_way() -> None:
    linter = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"],
        cwd=TREE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert linter.returncode == 0, linter.stdout


def test_the_linter_sees_every_file() -> None:
    seen = grimp.build_graph("bot", cache_dir=None).modules
    files = {path.relative_to(TREE).with_suffix("") for path in (TREE / "bot").rglob("*.py")}
    assert {".".join(path.parts).removesuffix(".__init__") for path in files} - seen == set()


def test_the_core_needs_nothing_but_python() -> None:
    for path in (TREE / "bot" / "core").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [str(node.module)]
            for name in names:
                assert name.partition(".")[0] in sys.stdlib_module_names or name.startswith("bot.core"), (path, name)


def test_the_top_level_is_what_was_agreed() -> None:
    listed = {path.name for path in TREE.iterdir()}
    assert listed >= SHAPE | AROUND
    strangers = {name for name in listed - SHAPE - AROUND if not name.startswith(".")}
    # What runs leave behind is not kept in the repository.
    assert strangers <= {"var", "build", "__pycache__"}


def test_the_readme_names_every_command() -> None:
    targets = re.findall(r"^(\w+):.*## ", (TREE / "Makefile").read_text(), re.MULTILINE)
    readme = (TREE / "README.md").read_text()
    assert [target for target in targets if f"make {target}" not in readme] == ["help"]


def test_every_file_the_documents_point_at_is_there() -> None:
    for page in [TREE / "README.md", *(TREE / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} points at {target}"


def test_every_setting_is_explained_where_clinics_look() -> None:
    section = (TREE / "docs" / "operating.md").read_text().partition("\n## Settings\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", section, re.MULTILINE)
    assert rows == settings.described()


def test_the_lock_pins_every_package_and_names_no_registry() -> None:
    lock = LOCK.read_text()
    assert "http" not in re.sub(r"aiohttp", "", lock)
    for line in filter(None, lock.splitlines()):
        assert re.match(r"\s*#|\s+--hash=sha256:[0-9a-f]{64}|[a-z0-9.-]+==\S+ ", line), line


def test_the_lock_has_what_each_package_needs_on_every_python_and_machine() -> None:
    """Debian 12 has Python 3.11.2, for which some packages want more than for the one this runs on."""
    pinned = [Requirement(line.rstrip(" \\")) for line in re.findall(r"^\w.*", LOCK.read_text(), re.MULTILINE)]
    versions = ("3.11.0", "3.11.2", "3.12.0", "3.13.0", "3.14.0")
    for version, machine, system in product(versions, ("x86_64", "aarch64", "arm64"), ("linux", "darwin")):
        place = {
            "python_full_version": version,
            "python_version": version.rpartition(".")[0],
            "extra": "",
            "platform_machine": machine,
            "sys_platform": system,
            "platform_system": system.capitalize(),
        }
        there = {one.name for one in pinned if one.marker is None or one.marker.evaluate(place)}
        for name in there & {canonicalize_name(one.name) for one in distributions()}:
            for need in map(Requirement, requires(name) or ()):
                if need.marker is None or need.marker.evaluate(place):
                    assert canonicalize_name(need.name) in there, f"{name} needs {need} on {version}, {machine}"


def test_the_web_process_carries_nothing_that_it_may_never_use() -> None:
    heavy = {"alembic", "babel", "holidays", "phonenumbers", "psycopg", "rq", "ruamel", "twilio"}
    program = (
        "import sys; from pathlib import Path; import wsgi; from bot import wiring; "
        "wiring.look_at_flows(Path('flows'), (2026, 2027)); print(*{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=TREE, capture_output=True, text=True, check=True)
    assert heavy & set(done.stdout.split()) == set()
