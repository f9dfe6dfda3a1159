"""The page of docs that lists the library's public names, made from their signatures and docstrings.

python -m sppnet.tools.api > docs/api.md
"""

import ast
import importlib
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click

PACKAGES = {
    "sppnet.detector": "Image and windows -> detections. `SPPNet` is in `sppnet`, too.",
    "sppnet.proposals": "Image -> windows, best first. `SelectiveSearch` is in `sppnet`, too.",
    "sppnet.data": "Files -> images and targets; detections -> files and scores. `open_data` and `read_image` are in "
    "`sppnet`, too.",
}
HEAD = """# Every public name

`python -m sppnet.tools.api` prints this page from signatures and docstrings. How they go
together: [from Python](python.md). Images are `uint8 (H, W, 3)` RGB; boxes and windows are `x1 y1 x2 y2` in pixels,
right and bottom edge outside.
"""
SECTIONS = {
    "Args": "Arguments",
    "Attributes": "Attributes",
    "Raises": "Raises",
    "Returns": "Returns",
    "Yields": "Yields",
}
LISTS = ("Args", "Attributes", "Raises")  # of sections, those that name things
SPECIAL = ("__call__", "__len__", "__iter__", "__getitem__")  # methods that a docstring makes public
WIDTH = 100  # characters of a signature before it has a line for each argument

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = ast.ClassDef | Function | ast.Assign | ast.AnnAssign


class Name(NamedTuple):
    """A public name.

    Attributes:
        name: As it is imported.
        definition: Where it is defined.
        text: The text of that file.
        value: What it stands for.
    """

    name: str
    definition: Definition
    text: str
    value: Any

    @property
    def kind(self) -> str:
        """What is defined: class, function or constant."""
        if isinstance(self.definition, ast.ClassDef):
            return "class"
        return "function" if isinstance(self.definition, Function) else "constant"

    @property
    def title(self) -> str:
        """The heading, which no other name has."""
        return f"{self.kind} `{self.name}`"

    @property
    def summary(self) -> str:
        """The first paragraph of what is said of it."""
        return self.description.partition("\n\n")[0].replace("\n", " ")

    @property
    def description(self) -> str:
        """Its docstring; of a constant, the comment beside it."""
        if not isinstance(self.definition, ast.Assign | ast.AnnAssign):
            return ast.get_docstring(self.definition) or ""
        lines = self.text.splitlines()
        beside = re.findall(r"  # (.*)", "\n".join(lines[self.definition.lineno - 1 : self.definition.lineno]))
        above = lines[: self.definition.lineno - 1]
        while above and above[-1].startswith("# "):
            beside.insert(0, above.pop()[2:])
        return "\n".join(beside)


class _Values(ast.NodeTransformer):
    """Puts short values in place of the names of constants."""

    def __init__(self, constants: dict[str, Any]) -> None:
        self._constants = constants

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Return what stands for a name."""
        value = self._constants.get(node.id)
        short = isinstance(value, str | int | float | tuple) and len(repr(value)) < WIDTH // 3
        constant = node.id.isupper() and isinstance(node.ctx, ast.Load)
        return ast.parse(repr(value), mode="eval").body if constant and short else node


@click.command("api")
def command() -> None:
    """Print the page of all public names."""
    click.echo(page(), nl=False)


def page() -> str:
    """Return the page."""
    packages: dict[str, list[Name]] = {}
    for package in PACKAGES:  # what one has by a link to another is told once
        known = {(name.name, name.text) for names in packages.values() for name in names}
        packages[package] = [name for name in public_names(package) if (name.name, name.text) not in known]
    parts = [HEAD, *(_index(package, names) for package, names in packages.items())]
    for package, names in packages.items():
        parts += [f"## `{package}`, name by name", *map(_described, names)]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def public_names(package: str) -> Iterator[Name]:
    """Yield the names that a package of ours exports, in its order."""
    module = importlib.import_module(package)
    folder = Path(module.__path__[0])
    stub = folder / "__init__.pyi"
    tree = ast.parse((stub if stub.exists() else folder / "__init__.py").read_text())
    origins = {
        alias.asname or alias.name: (str(node.module), alias.name)
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    for name in module.__all__:
        file, original = origins[name]
        value, defining = getattr(module, name), importlib.import_module(f"{package}.{file}")
        text = Path(str(defining.__file__)).read_text()
        definition = next(node for node in ast.parse(text).body if original in _defined(node))
        assert isinstance(definition, Definition)
        yield Name(name, _Values(vars(defining)).visit(definition), text, value)


def markdown(docstring: str) -> str:
    """Return a docstring in the style of Google as Markdown: sections become lists or paragraphs."""
    parts: list[str] = []
    section = ""
    for block in re.split(r"^(\w+):\n(?=    )", docstring, flags=re.MULTILINE):
        if block in SECTIONS:
            section = block
        elif section:
            lines = re.sub(r"^    ", "", block.strip("\n"), flags=re.MULTILINE)
            parts.append(_listed(section, lines) if section in LISTS else f"{SECTIONS[section]}: {_paragraph(lines)}")
            section = ""
        else:
            parts.append(_escaped(block.strip()))
    return "\n\n".join(filter(None, parts))


def signature(function: Function, name: str) -> str:
    """Return how a function is called: in one line if that is short, else with a line for each argument."""
    words = _arguments(function.args)
    words = words[1:] if words[:1] in (["self"], ["cls"]) else words
    returns = f" -> {_annotation(function.returns)}" if function.returns and function.name != "__init__" else ""
    line = f"{name}({', '.join(words)}){returns}"
    if len(line) <= WIDTH:
        return line
    return f"{name}(\n" + "".join(f"    {word},\n" for word in words) + f"){returns}"


def _index(package: str, names: list[Name]) -> str:
    lines = [f"- [{name.title}](#{_anchor(name.title)}): {_escaped(name.summary)}".removesuffix(": ") for name in names]
    return f"## {package}\n\n{PACKAGES[package]}\n\n" + "\n".join(lines)


def _described(name: Name) -> str:
    parts = [f"### {name.title}"]
    if isinstance(name.definition, ast.ClassDef):
        parts += [_code(_constructor(name.definition)), markdown(name.description)]
        parts += [
            _method(name.name, node) for node in name.definition.body if isinstance(node, Function) and _told(node)
        ]
    elif isinstance(name.definition, Function):
        parts += [_code(signature(name.definition, name.name)), markdown(name.description)]
    else:
        parts += [_code(_constant(name)), _escaped(name.description)]
    return "\n\n".join(filter(None, parts))


def _method(owner: str, node: Function) -> str:
    if any(isinstance(each, ast.Name) and each.id == "property" for each in node.decorator_list):
        shown = f"{node.name}: {_annotation(node.returns)}"
    else:
        shown = signature(node, node.name)
    return f"#### `{owner}.{node.name}`\n\n{_code(shown)}\n\n{markdown(ast.get_docstring(node) or '')}"


def _constructor(node: ast.ClassDef) -> str:
    """Return how objects of a class are made: by `__init__`, by its fields, or as its base says."""
    made = next((each for each in node.body if isinstance(each, Function) and each.name == "__init__"), None)
    if made:
        return signature(made, node.name)
    fields = [ast.unparse(each) for each in node.body if isinstance(each, ast.AnnAssign)]
    head = f"class {node.name}({', '.join(map(ast.unparse, node.bases))})".replace("()", "")
    return f"{head}:\n" + "\n".join(f"    {field}" for field in fields) if fields else head


def _constant(name: Name) -> str:
    """Return what a constant is: its value if that is short, else the names in it."""
    if isinstance(name.value, dict):
        value = "{" + ", ".join(f"{key!r}: ..." for key in name.value) + "}"
    elif isinstance(name.value, str | tuple):
        value = repr(name.value)
    else:  # a type
        assert isinstance(name.definition, ast.Assign | ast.AnnAssign)
        value = ast.unparse(name.definition).partition(" = ")[2]
    return textwrap.fill(f"{name.name} = {value}", WIDTH, subsequent_indent="    ", break_on_hyphens=False)


def _told(node: Function) -> bool:
    return bool(ast.get_docstring(node)) and (not node.name.startswith("_") or node.name in SPECIAL)


def _defined(node: ast.stmt) -> list[str]:
    """Return the names that a statement defines."""
    if isinstance(node, ast.ClassDef | Function):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)]


def _arguments(arguments: ast.arguments) -> list[str]:
    """Return the arguments of a signature with annotations and defaults, / and * among them."""
    positional = [*arguments.posonlyargs, *arguments.args]
    missing = len(positional) - len(arguments.defaults)
    words = [
        _argument(each, None if number < missing else arguments.defaults[number - missing])
        for number, each in enumerate(positional)
    ]
    if arguments.posonlyargs:
        words.insert(len(arguments.posonlyargs), "/")
    if arguments.vararg or arguments.kwonlyargs:
        words.append("*" + (_argument(arguments.vararg, None) if arguments.vararg else ""))
    words += [_argument(*each) for each in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]
    return words + ([f"**{_argument(arguments.kwarg, None)}"] if arguments.kwarg else [])


def _argument(argument: ast.arg, default: ast.expr | None) -> str:
    kind = f": {_annotation(argument.annotation)}" if argument.annotation else ""
    equals = " = " if kind else "="
    return argument.arg + kind + (f"{equals}{ast.unparse(default)}" if default else "")


def _annotation(node: ast.expr | None) -> str:
    """Return an annotation without the quotes that it may have."""
    if node is None:
        return ""
    return str(node.value) if isinstance(node, ast.Constant) and isinstance(node.value, str) else ast.unparse(node)


def _listed(section: str, lines: str) -> str:
    """Return the things that a section names as a list."""
    things = re.split(r"\n(?=\S)", lines)
    parted = (thing.partition(":") for thing in things)
    rows = [f"- `{name}`: {_paragraph(text)}" for name, _, text in parted]
    return f"{SECTIONS[section]}:\n\n" + "\n".join(rows)


def _paragraph(text: str) -> str:
    return _escaped(" ".join(text.split()))


def _escaped(text: str) -> str:
    """Return a text whose signs outside of backticks mean nothing to Markdown."""
    return "".join(
        part if part.startswith("`") else re.sub(r"([*\[\]]|<(?=[\w/])|(?<![^\W_])_|_(?![^\W_]))", r"\\\1", part)
        for part in re.split(r"(`[^`]*`)", text)
    )


def _code(text: str) -> str:
    return f"```text\n{text}\n```"


def _anchor(title: str) -> str:
    """Return the name under which GitHub has a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


if __name__ == "__main__":
    command(prog_name="python -m sppnet.tools.api")
