"""Tests of the house: who imports whom, what packages export, where a program may speak."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# Package -> those of ours that it may import.
ARROWS = {
    "data": set[str](),
    "proposals": set[str](),
    "detector": {"proposals"},
    "tools": {"data", "proposals", "detector"},
}
MODULES = sorted(path for package in ARROWS for path in (ROOT / package).rglob("*.py"))
LIBRARY = [path for path in MODULES if path.parent.name != "tools"]
TESTS = sorted((ROOT / "tests").glob("test_*.py"))
WHOLE_PROJECT = {"test_architecture", "test_end_to_end"}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def absolute_imports(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (module, name) for every absolute import of a file, the name empty for `import module`."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from ((str(node.module), alias.name) for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_imports_follow_the_arrows(path: Path) -> None:
    imported = {module.partition(".")[0] for module, _ in absolute_imports(path)}

    assert imported & {*ARROWS, "tests"} <= ARROWS[path.parent.name]


@pytest.mark.parametrize("path", LIBRARY, ids=name)
def test_other_packages_are_used_by_their_public_names(path: Path) -> None:
    ours = [(module, name) for module, name in absolute_imports(path) if module.partition(".")[0] in ARROWS]

    assert [use for use in ours if use[1] not in getattr(importlib.import_module(use[0]), "__all__", ())] == []


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_relative_imports_stay_inside_their_package(path: Path) -> None:
    nodes = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)]

    assert all(node.level <= 1 for node in nodes)


@pytest.mark.parametrize("package", ["data", "detector", "proposals"])
def test_packages_export_names_that_exist_in_order(package: str) -> None:
    module = importlib.import_module(package)

    assert [name for name in module.__all__ if not hasattr(module, name)] == []
    # Constants, classes, functions: the order in which the linter sorts them.
    assert module.__all__ == sorted(module.__all__, key=lambda name: (not name.isupper(), name.islower(), name))


@pytest.mark.parametrize("path", LIBRARY, ids=name)
def test_libraries_neither_print_nor_exit(path: Path) -> None:
    calls = [ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]

    assert {"print", "exit", "quit", "sys.exit"}.isdisjoint(calls)


@pytest.mark.parametrize("path", [*MODULES, *TESTS], ids=name)
def test_every_file_opens_with_a_docstring(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text()))


@pytest.mark.parametrize("path", TESTS, ids=name)
def test_every_test_file_is_named_after_a_module(path: Path) -> None:
    assert path.stem in WHOLE_PROJECT | {f"test_{module.stem}" for module in MODULES}
