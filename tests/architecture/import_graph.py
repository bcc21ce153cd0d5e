"""Who imports whom, read from the sources and not from what happens to be loaded."""

import ast
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path


class When(Enum):
    """When an import is executed."""

    AT_IMPORT = "when its module is imported"
    LAZILY = "inside a function"
    DYNAMICALLY = "by importlib"
    NEVER = "for type checkers"


@dataclass(frozen=True)
class Import:
    """One name that one statement imports."""

    importer: str
    target: str
    when: When
    path: Path
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.importer} imports {self.target} {self.when.value}"


@dataclass(frozen=True)
class Module:
    """A source file."""

    name: str
    path: Path
    source: str
    tree: ast.Module

    @property
    def package(self) -> str:
        """What its relative imports start from."""
        if self.path.name == "__init__.py":
            return self.name
        return self.name.rpartition(".")[0]


def read_modules(packages: Mapping[str, Path]) -> dict[str, Module]:
    """Parse all modules of some top-level packages, given by name and folder."""
    modules = {}
    for package, folder in packages.items():
        for path in sorted(folder.rglob("*.py")):
            parts = [package, *path.relative_to(folder).with_suffix("").parts]
            if parts[-1] == "__init__":
                parts.pop()
            source = path.read_text(encoding="utf-8")
            name = ".".join(parts)
            modules[name] = Module(name, path, source, ast.parse(source, path))
    return modules


def find_imports(modules: Mapping[str, Module]) -> list[Import]:
    """List every import of every module, relative ones resolved."""
    return [found for module in modules.values() for found in _Finder(module, modules).run()]


def find_chain(
    imports: list[Import], start: str, is_target: Callable[[str], bool]
) -> list[Import] | None:
    """Find the shortest chain of imports from a module to one that is a target.

    Annotations for type checkers count: they show knowledge as well.
    """
    edges: dict[str, list[Import]] = {}
    for found in imports:
        edges.setdefault(found.importer, []).append(found)
    queue = deque([(start, list[Import]())])
    seen = {start}
    while queue:
        module, chain = queue.popleft()
        for found in edges.get(module, []):
            if is_target(found.target):
                return [*chain, found]
            if found.target not in seen:
                seen.add(found.target)
                queue.append((found.target, [*chain, found]))
    return None


def top_level(name: str) -> str:
    """Return the first part of a dotted name."""
    return name.partition(".")[0]


def is_inside(name: str, package: str) -> bool:
    """Tell whether a module is a package or lies in it."""
    return name == package or name.startswith(package + ".")


class _Finder(ast.NodeVisitor):
    """Collects the imports of one module."""

    def __init__(self, module: Module, modules: Mapping[str, Module]) -> None:
        self._module = module
        self._modules = modules
        self._found: list[Import] = []
        self._when = When.AT_IMPORT
        # `import_module`, and functions of this module that hand their argument to it.
        self._importers = {"import_module"} | {
            node.name
            for node in ast.walk(module.tree)
            if isinstance(node, ast.FunctionDef) and _hands_on_to_import_module(node)
        }

    def run(self) -> list[Import]:
        self.visit(self._module.tree)
        return self._found

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for outside in (*node.decorator_list, node.args):
            self.visit(outside)
        before, self._when = self._when, When.LAZILY
        for statement in node.body:
            self.visit(statement)
        self._when = before

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def visit_If(self, node: ast.If) -> None:
        self.visit(node.test)
        before = self._when
        if ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            self._when = When.NEVER
        for statement in node.body:
            self.visit(statement)
        self._when = before
        for statement in node.orelse:
            self.visit(statement)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._add(alias.name, node.lineno)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        base = node.module or ""
        if node.level:
            package = self._module.package.split(".")
            base = ".".join([*package[: len(package) - node.level + 1], *filter(None, [base])])
        for alias in node.names:
            # `from package import name`: the name is a module, or something in the package.
            submodule = f"{base}.{alias.name}"
            self._add(submodule if submodule in self._modules else base, node.lineno)

    def visit_Call(self, node: ast.Call) -> None:
        self.generic_visit(node)
        if _called(node) in self._importers and node.args:
            name = node.args[0]
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                self._add(name.value, node.lineno, When.DYNAMICALLY)

    def _add(self, target: str, line: int, when: When | None = None) -> None:
        module = self._module
        self._found.append(Import(module.name, target, when or self._when, module.path, line))


def _called(node: ast.Call) -> str:
    return ast.unparse(node.func).rpartition(".")[2]


def _hands_on_to_import_module(function: ast.FunctionDef) -> bool:
    parameters = {argument.arg for argument in function.args.args}
    return any(
        isinstance(argument, ast.Name) and argument.id in parameters
        for call in _calls(function)
        if _called(call) == "import_module"
        for argument in call.args
    )


def _calls(node: ast.AST) -> Iterator[ast.Call]:
    return (child for child in ast.walk(node) if isinstance(child, ast.Call))
