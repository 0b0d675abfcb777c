#!/usr/bin/env python3
"""Print the kernel's lines of code, without docstrings, comments and blank lines: by file, by storey, and in all.

python .ci/kernel_lines.py [KERNEL]
"""

import ast
import io
import sys
import tokenize
from pathlib import Path

KERNEL = Path(__file__).resolve().parent.parent / "symverify" / "kernel"
ELSEWHERE = "check"  # check.py, table.py and the other files beside the storeys
BLANK = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER,
    tokenize.ENCODING,
}  # fmt: skip


def code_lines(source: str) -> int:
    """How many lines of a source hold code."""
    documented = set[int]()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node, False) is not None:
            text = node.body[0]
            documented |= set(range(text.lineno, (text.end_lineno or text.lineno) + 1))
    used = set[int]()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in BLANK:
            used |= set(range(token.start[0], token.end[0] + 1))
    return len(used - documented)


def by_file(kernel: Path = KERNEL) -> dict[str, dict[str, int]]:
    """Per storey, in alphabetical order, its files with their lines of code."""
    found: dict[str, dict[str, int]] = {}
    for path in sorted(kernel.rglob("*.py"), key=lambda path: path.relative_to(kernel).parts):
        parts = path.relative_to(kernel).parts
        storey = parts[0] if len(parts) > 1 else ELSEWHERE
        found.setdefault(storey, {})["/".join(parts)] = code_lines(path.read_text(encoding="utf-8"))
    return found


def main() -> int:
    """Print the table."""
    found = by_file(Path(sys.argv[1]) if len(sys.argv) > 1 else KERNEL)
    for storey, files in found.items():
        print(f"{sum(files.values()):5}  {storey}")
        for name, lines in files.items():
            print(f"{lines:9}  {name}")
    print(f"{sum(sum(files.values()) for files in found.values()):5}  in all")
    return 0


if __name__ == "__main__":
    sys.exit(main())
