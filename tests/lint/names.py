"""names.py [ROOT]: no name is defined twice in one place of a Python module. The second takes the
first one's place without a word, for those above it, too: it may then call itself."""
import ast
import sys

import source

DEFINED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def accessor(node):
    """Of a property: @x.setter stands above another x on purpose."""
    return any(isinstance(d, ast.Attribute) and d.attr in ("getter", "setter", "deleter")
               for d in node.decorator_list)


def bound(statement):
    """Names that an import or a definition binds."""
    if isinstance(statement, DEFINED):
        yield statement.name
    elif isinstance(statement, (ast.Import, ast.ImportFrom)):
        for name in statement.names:
            yield name.asname or name.name.split(".")[0]


def check(path, text):
    for place in ast.walk(ast.parse(text, path)):
        if not isinstance(place, (ast.Module, *DEFINED)):
            continue
        lines = {}
        for statement in place.body:
            for name in bound(statement):
                if name in lines and isinstance(statement, DEFINED) and not accessor(statement):
                    yield (path, statement.lineno,
                           f"'{name}' is defined in line {lines[name]} already")
                lines.setdefault(name, statement.lineno)


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else "."
    findings = []
    for path in source.files(root, (".py",)):
        findings += check(path, source.read(root, path))
    source.report(findings)


main()
