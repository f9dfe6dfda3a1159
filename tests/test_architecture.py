"""Tests of the house: who imports whom, what packages export, where a program may speak."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import sppnet

PACKAGE = Path(sppnet.__path__[0])
# Package -> those of ours that it may import.
ARROWS: dict[str, set[str]] = {
    "data": set(),
    "proposals": set(),
    "detector": {"proposals"},
    "tools": {"data", "proposals", "detector"},
}
MODULES = {path: ast.parse(path.read_text()) for package in ARROWS for path in sorted((PACKAGE / package).glob("*.py"))}
LIBRARY = {path: tree for path, tree in MODULES.items() if path.parent.name != "tools"}
TESTS = {path: ast.parse(path.read_text()) for path in sorted(Path(__file__).parent.glob("test_*.py"))}
WHOLE_PROJECT = {"test_architecture", "test_end_to_end", "test_package"}


def absolute_imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield (module below sppnet, name) for every absolute import of ours."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and not node.level:
            package, _, module = str(node.module).partition(".")
            yield from ((module or alias.name, alias.name) for alias in node.names if package == "sppnet")


def test_imports_follow_the_arrows() -> None:
    wrong = [
        (path.name, module)
        for path, tree in MODULES.items()
        for module, _ in absolute_imports(tree)
        if module.partition(".")[0] not in ARROWS[path.parent.name]
    ]

    assert wrong == []


def test_other_packages_are_used_by_their_public_names() -> None:
    wrong = [
        (path.name, module, name)
        for path, tree in LIBRARY.items()
        for module, name in absolute_imports(tree)
        if name not in importlib.import_module(f"sppnet.{module}").__all__
    ]

    assert wrong == []


def test_relative_imports_stay_inside_their_package() -> None:
    levels = {
        path.name: node.level
        for path, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level > 1
    }

    assert levels == {}


def test_packages_export_names_that_exist_in_order() -> None:
    packages = [sppnet, *(importlib.import_module(f"sppnet.{name}") for name in ARROWS if name != "tools")]

    assert [(package, name) for package in packages for name in package.__all__ if not hasattr(package, name)] == []


def test_libraries_neither_print_nor_exit() -> None:
    speaking = [
        (path.name, node.lineno)
        for path, tree in LIBRARY.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("print", "exit", "quit", "sys.exit")
    ]

    assert speaking == []


def test_every_file_opens_with_a_docstring() -> None:
    assert [path.name for path, tree in (MODULES | TESTS).items() if not ast.get_docstring(tree)] == []


def test_every_test_file_is_named_after_a_module() -> None:
    names = {f"test_{path.stem}" for path in MODULES} | WHOLE_PROJECT

    assert [path.stem for path in TESTS if path.stem not in names] == []
