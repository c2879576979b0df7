"""YAML files with line numbers, and problems by file, line and field.

Syntax only. What a catalog file may say lives in `domains/`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

Location = tuple[int | str, ...]

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's parser where PyYAML was built with it, as in its wheels: a tenth of the time."""


@dataclass(frozen=True, order=True)
class Problem:
    """A problem in a catalog file: location, expected and actual value, remedy."""

    file: Path
    line: int
    field: str
    fault: str
    remedy: str

    def __str__(self) -> str:
        """The problem on one line, beginning `file:line:` as editors follow it."""
        subject = f" `{self.field}`:" if self.field else ""
        stop = "" if self.remedy.endswith("?") else "."
        return f"{self.file}:{self.line}:{subject} {self.fault}. {self.remedy}{stop}"


class CatalogError(Exception):
    """All problems of a catalog."""

    def __init__(self, folder: Path, problems: list[Problem]) -> None:
        """Keep the problems, in the order of files and lines."""
        self.folder = folder
        self.problems = sorted(problems)
        count = f"{len(problems)} problem" + ("s" if len(problems) > 1 else "")
        super().__init__(
            f"The catalog in {folder} has {count}:\n" + "\n".join(f"  {problem}" for problem in self.problems)
        )


@dataclass(frozen=True)
class Document:
    """A YAML file: its plain data, and the location of each part."""

    path: Path
    root: yaml.Node
    data: object
    problems: list[Problem] = field(default_factory=list)

    def problem(self, location: Location, fault: str, remedy: str) -> Problem:
        """A problem at `location`, or at the nearest part of the file that exists."""
        line, _ = self._find(location)
        return Problem(self.path, line, field_name(location), fault, remedy)

    def written(self, location: Location) -> str:
        """The text at `location` as written, or `a list` or `a mapping`."""
        _, node = self._find(location)
        if node is None:
            return "nothing"
        if isinstance(node, yaml.ScalarNode):
            return f"`{node.value}`" if node.value else "nothing"
        return "a list" if isinstance(node, yaml.SequenceNode) else "a mapping"

    def _find(self, location: Location) -> tuple[int, yaml.Node | None]:
        """The line of `location` or of the nearest part that exists, and its node if it does."""
        node = self.root
        line = node.start_mark.line + 1
        for part in location:
            if isinstance(node, yaml.MappingNode):
                for key, value in node.value:
                    if key.value == part:
                        line, node = key.start_mark.line + 1, value
                        break
                else:
                    return line, None
            elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
                node = node.value[part]
                line = node.start_mark.line + 1
            else:
                return line, None
        return line, node


def field_name(location: Location) -> str:
    """`("identifiers", 0, "kind")` as `identifiers[0].kind`."""
    name = ""
    for part in location:
        if isinstance(part, int):
            name += f"[{part}]"
        else:
            name += f".{part}" if name else part
    return name


def read_document(path: Path) -> Document | Problem:
    """The file's document, or the problem that prevents reading it."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        byte = f"{error.object[error.start]:#04x}"
        fault = f"found the byte {byte}, expected UTF-8"
        return Problem(path, line, "", fault, "Save the file as UTF-8")
    except FileNotFoundError:
        return Problem(path, 1, "", "is missing", "Write it; the sample company's catalog has one of each kind")
    except OSError as error:
        return Problem(path, 1, "", f"cannot be read: {error.strerror}", "Make the file readable")
    try:
        root = yaml.compose(text, Loader=LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        found = ", ".join(part for part in (error.context, error.problem) if part)
        return Problem(
            path,
            mark.line + 1 if mark else 1,
            "",
            f"is not valid YAML: {found}",
            "Correct the syntax there",
        )
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count("\n") + 1
        return Problem(path, line, "", f"is not valid YAML: {error.reason}", "Remove that character")
    if root is None:
        return Problem(path, 1, "", "found an empty file, expected a mapping", "Fill it, or delete it")
    problems: list[Problem] = []
    document = Document(path, root, None, problems)
    data = _Plain(document).value(root, ())
    return Document(path, root, data, problems)


class _Plain:
    """Converts nodes into plain values, and reports problems that YAML itself allows."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._scalars = yaml.constructor.SafeConstructor()
        self._open: list[yaml.Node] = []

    def value(self, node: yaml.Node, location: Location) -> object:
        if any(node is outer for outer in self._open):
            self._report(node, location, "refers to itself", "Write the value out")
            return None
        self._open.append(node)
        try:
            if isinstance(node, yaml.MappingNode):
                return dict(self._items(node, location))
            if isinstance(node, yaml.SequenceNode):
                return [self.value(item, (*location, i)) for i, item in enumerate(node.value)]
            return self._scalar(node, location)
        finally:
            self._open.pop()

    def _items(self, node: yaml.MappingNode, location: Location) -> Iterator[tuple[str, object]]:
        lines: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                self._report(key, location, "found a list or mapping as a key, expected text", "Name the key")
            elif key.value in lines:
                fault = f"found twice, first on line {lines[key.value]}"
                self._report(key, (*location, key.value), fault, "Keep one of them")
            else:
                lines[key.value] = line
                yield key.value, self.value(value, (*location, key.value))

    def _scalar(self, node: yaml.Node, location: Location) -> object:
        try:
            value: object = self._scalars.construct_object(node)
        except yaml.constructor.ConstructorError as error:
            self._report(node, location, f"{error.problem}", "Write a plain value")
        except ValueError:
            pass  # 2026-02-30 is not a valid day: the field's validation reports it.
        else:
            return value
        return node.value

    def _report(self, node: yaml.Node, location: Location, fault: str, remedy: str) -> None:
        self._document.problems.append(
            Problem(self._document.path, node.start_mark.line + 1, field_name(location), fault, remedy)
        )
