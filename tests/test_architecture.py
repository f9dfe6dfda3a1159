"""Tests of the house: who imports whom, what packages export, where a program may speak."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import sppnet

PACKAGE = Path(sppnet.__path__[0])
# Rooms from the ground up; each may import those before it, as far as these tables allow.
DETECTOR = (
    *("errors", "types", "limits", "threads", "timing", "checks", "files", "backbone", "pooling", "scoring", "face"),
    *("training", "classification", "settings", "storage", "model", "rcnn", "combination", "explaining"),
    "compilation",
)
TOOLS = ("command", "reports", "benchmarks", "verbs")
# Package -> the other packages of ours that it may import.
ARROWS: dict[str, set[str]] = {
    "data": set(),
    "proposals": set(),
    "detector": {"proposals"},
    "tools": {"data", "proposals", "detector"},
}
FLOORS = {"detector": DETECTOR, "tools": TOOLS}

MODULES = {
    path.relative_to(PACKAGE): ast.parse(path.read_text())
    for package in ARROWS
    for path in sorted((PACKAGE / package).rglob("*.py"))
}
LIBRARY = {path: tree for path, tree in MODULES.items() if path.parts[0] != "tools"}
TESTS = {path: ast.parse(path.read_text()) for path in sorted(Path(__file__).parent.rglob("test_*.py"))}
WHOLE_PROJECT = {"test_architecture", "test_end_to_end", "test_examples", "test_package", "test_readme"}


def imports(path: Path, tree: ast.Module) -> Iterator[tuple[str, ...]]:
    """Yield the parts of every module or name of ours that a file imports, from below sppnet on."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = path.parts[: len(path.parts) - node.level]
            yield from ((*base, *(node.module or "").split("."), alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and str(node.module).partition(".")[0] == "sppnet":
            yield from ((*str(node.module).split(".")[1:], alias.name) for alias in node.names)


def uses(package: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield (file, what it imports) for the files of a package."""
    for path, tree in MODULES.items():
        if path.parts[0] == package:
            yield from ((str(path), tuple(filter(None, parts))) for parts in imports(path, tree))


def floor(package: str, parts: tuple[str, ...]) -> int:
    """Return how high in its package a module lies."""
    floors, room = FLOORS[package], parts[1].removesuffix(".py")
    return floors.index(room) if room in floors else len(floors) - 1


def test_packages_import_each_other_along_the_arrows() -> None:
    wrong = [use for package in ARROWS for use in uses(package) if use[1][0] not in {package, *ARROWS[package]}]

    assert wrong == []


def test_rooms_import_downward() -> None:
    wrong = [
        (file, ".".join(parts))
        for package in FLOORS
        for file, parts in uses(package)
        if parts[0] == package and len(parts) > 1 and floor(package, parts) > floor(package, Path(file).parts)
    ]

    assert wrong == []


def test_other_packages_are_used_by_their_public_names() -> None:
    wrong = [
        (file, parts)
        for package in ("data", "proposals", "detector")
        for file, parts in uses(package)
        if parts[0] != package and parts[1] not in importlib.import_module(f"sppnet.{parts[0]}").__all__
    ]

    assert wrong == []


def test_packages_export_names_that_exist() -> None:
    packages = [sppnet, *(importlib.import_module(f"sppnet.{name}") for name in ARROWS if name != "tools")]

    assert [(package, name) for package in packages for name in package.__all__ if not hasattr(package, name)] == []


def test_libraries_neither_print_nor_exit() -> None:
    speaking = [
        (str(path), node.lineno)
        for path, tree in LIBRARY.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("print", "exit", "quit", "sys.exit")
    ]

    assert speaking == []


def test_every_file_opens_with_a_docstring() -> None:
    assert [str(path) for path, tree in (MODULES | TESTS).items() if not ast.get_docstring(tree)] == []


def test_every_test_file_is_named_after_a_module_in_the_same_room() -> None:
    modules = {path.with_name(f"test_{path.name}") for path in MODULES}
    tests = {path.relative_to(Path(__file__).parent) for path in TESTS if path.stem not in WHOLE_PROJECT}

    assert tests - modules == set()
