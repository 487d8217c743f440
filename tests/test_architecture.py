"""The house keeps its shape: sizes, layers, cycles, annotations, docstrings."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SRC = Path(__file__).parents[1] / "src" / "commissure"
MODULES = sorted(SRC.rglob("*.py"))
MODULE_LINES, FUNCTION_LINES, PARAMETERS, POSITIONAL = 400, 50, 7, 2


def _id(path: Path) -> str:
    return path.relative_to(SRC).as_posix()


def _functions(tree: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def _methods(tree: ast.AST) -> set[ast.AST]:
    return {item for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for item in node.body}


def _framework(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Commands and routes are called by their framework, by name."""
    return bool(node.decorator_list)


@pytest.mark.parametrize("path", MODULES, ids=_id)
def test_a_module_is_small_and_named_for_what_it_does(path: Path) -> None:
    assert path.read_text().count("\n") <= MODULE_LINES
    assert not any(word in path.stem for word in ("util", "helper", "manager", "misc", "common"))


@pytest.mark.parametrize("path", MODULES, ids=_id)
def test_functions_are_short_and_take_few_parameters(path: Path) -> None:
    tree = ast.parse(path.read_text())
    methods = _methods(tree)
    wrong = []
    for node in _functions(tree):
        positional = [a for a in [*node.args.posonlyargs, *node.args.args] if a.arg not in {"self", "cls"}]
        count = len(positional) + len(node.args.kwonlyargs)
        lines = (node.end_lineno or 0) - node.lineno + 1
        if lines - _docstring_lines(node) > FUNCTION_LINES:
            wrong.append(f"{node.name} has {lines} lines")
        if _framework(node) and "faces" in path.parts:
            continue
        constructor = node.name == "__init__" and node in methods
        if count > PARAMETERS and not constructor:
            wrong.append(f"{node.name} takes {count} parameters")
        if len(positional) > POSITIONAL and not node.name.startswith("_") and node not in methods:
            wrong.append(f"{node.name} takes {len(positional)} positional parameters")
    assert not wrong


def _docstring_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    if ast.get_docstring(node) is None:
        return 0
    first = node.body[0]
    return (first.end_lineno or 0) - first.lineno + 1


@pytest.mark.parametrize("path", MODULES, ids=_id)
def test_our_own_package_is_imported_at_the_top(path: Path) -> None:
    if "faces" in path.parts and "cli" in path.parts:
        return
    inside = [
        node.lineno
        for function in _functions(ast.parse(path.read_text()))
        for node in ast.walk(function)
        if (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("commissure"))
        or (isinstance(node, ast.Import) and any(alias.name.startswith("commissure") for alias in node.names))
    ]
    assert not inside, f"imports inside functions at lines {inside}"


@pytest.mark.parametrize("path", MODULES, ids=_id)
def test_errors_are_ours_and_nothing_is_swallowed(path: Path) -> None:
    wrong = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Assert):
            wrong.append(f"line {node.lineno}: assert")
        if isinstance(node, ast.ExceptHandler) and all(isinstance(item, ast.Pass) for item in node.body):
            wrong.append(f"line {node.lineno}: except … pass")
        if isinstance(node, ast.Raise) and "NotImplementedError" in ast.dump(node):
            wrong.append(f"line {node.lineno}: NotImplementedError")
    assert not wrong


@pytest.mark.parametrize("path", MODULES, ids=_id)
def test_all_that_is_public_is_annotated_and_documented(path: Path) -> None:
    wrong = []
    for node in ast.parse(path.read_text()).body:
        public = getattr(node, "name", "_").startswith("_") is False
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and public:
            if ast.get_docstring(node) is None:
                wrong.append(f"{node.name}: no docstring")
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns is None:
                wrong.append(f"{node.name}: no return annotation")
    assert not wrong


def test_dunder_all_tells_the_truth() -> None:
    wrong = []
    for path in MODULES:
        tree = ast.parse(path.read_text())
        names = next((ast.literal_eval(n.value) for n in tree.body if isinstance(n, ast.Assign)
                      and any(isinstance(t, ast.Name) and t.id == "__all__" for t in n.targets)), None)  # fmt: skip
        if names is None:
            continue
        defined = {
            getattr(n, "name", "")
            for n in ast.walk(tree)
            if isinstance(n, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        }
        defined |= {
            name.id
            for n in ast.walk(tree)
            if isinstance(n, ast.Assign)
            for target in n.targets
            for name in ast.walk(target)
            if isinstance(name, ast.Name)
        }
        defined |= {
            n.target.id
            for n in ast.walk(tree)
            if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)
        }
        defined |= {
            a.asname or a.name for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) for a in n.names
        }
        lazy = path.name == "__init__.py" and "__getattr__" in defined
        if not lazy and (missing := set(names) - defined):
            wrong.append(f"{_id(path)}: {sorted(missing)}")
    assert not wrong


def test_only_settings_reads_the_environment() -> None:
    wrong = [
        _id(path)
        for path in MODULES
        if path.name != "settings.py"
        and any(word in path.read_text() for word in ("os.environ", "os.getenv", "getenv("))
    ]
    assert not wrong


@pytest.mark.parametrize(
    "tool",
    [["lint-imports"], ["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]],
    ids=" ".join,
)
def test_the_linters_agree(tool: list[str]) -> None:
    command = [str(Path(sys.executable).parent / tool[0]), *tool[1:]]
    done = subprocess.run(command, cwd=SRC.parents[1], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
