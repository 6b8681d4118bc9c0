"""`/docs`: the OpenAPI description as one plain page that asks nothing of any other host."""

import json
from collections.abc import Mapping
from html import escape
from typing import Any

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title} API</title><style>
:root {{ color-scheme: light dark }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem }}
details {{ border: 1px solid #8886; border-radius: .5rem; margin: .5rem 0; padding: .5rem .75rem }}
summary {{ cursor: pointer }} code, pre {{ font: 14px ui-monospace, monospace }} pre {{ overflow-x: auto }}
b {{ display: inline-block; min-width: 5rem }}
</style></head><body><h1>{title}</h1><p>{summary}. Machine-readable:
<a href="openapi.json">openapi.json</a>. Errors are <code>application/problem+json</code>.</p>
{operations}<h2>Bodies</h2>{schemas}</body></html>"""


def docs_page(openapi: Mapping[str, Any]) -> str:
    """The whole page; every operation and schema folded under its name."""
    operations = "".join(
        _operation(method, path, operation)
        for path, methods in openapi["paths"].items()
        for method, operation in methods.items()
    )
    schemas = "".join(
        _folded(f"<code>{escape(name)}</code>", schema)
        for name, schema in openapi.get("components", {}).get("schemas", {}).items()
    )
    return PAGE.format(
        title=escape(openapi["info"]["title"]),
        summary=escape(openapi["info"].get("summary", "")),
        operations=operations,
        schemas=schemas,
    )


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> str:
    shown = {key: operation[key] for key in ("parameters", "requestBody") if key in operation}
    shown["responses"] = {
        code: answer for code, answer in operation["responses"].items() if not code.endswith("XX")
    }
    title = f"<b>{method.upper()}</b><code>{escape(path)}</code> {escape(operation.get('summary', ''))}"
    return _folded(title, shown)


def _folded(title: str, content: Any) -> str:
    text = escape(json.dumps(content, indent=2, ensure_ascii=False))
    return f"<details><summary>{title}</summary><pre>{text}</pre></details>\n"
