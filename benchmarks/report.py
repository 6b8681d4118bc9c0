"""Figures as people read them: percentiles, shares, tables, and the options that all measurements share."""

import argparse
import json
import math
import os
import platform
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil


def arguments(doc: str) -> argparse.ArgumentParser:
    """A parser with the options of every measurement."""
    parser = argparse.ArgumentParser(description=doc.strip().splitlines()[0])
    parser.add_argument("--model", type=Path, help="a model folder; the configured one when left out")
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--json", type=Path, help="write every figure to this file")
    return parser


def publish(figures: dict[str, Any], markdown: str, file: Path | None) -> None:
    """The section for RESULTS.md to standard output, and every figure to `file`."""
    if file is not None:
        file.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(markdown)


def machine() -> str:
    """What was measured on."""
    import torch

    memory = psutil.virtual_memory().total / 2**30
    gpu = "a GPU" if torch.cuda.is_available() else "no GPU"
    return f"{os.cpu_count()} CPU cores ({_cpu()}), {memory:.0f} GiB, {gpu}, {platform.system()}"


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    names = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    named = (line.partition(":")[2].strip() for line in names if line.startswith("model name"))
    return next(named, platform.machine())


def percentiles(values: Collection[float]) -> dict[str, float]:
    """p50, p95 and the most of `values`; nothing of no values."""
    if not values:
        return {}
    p50, p95 = np.percentile(list(values), [50, 95])
    return {"p50": float(p50), "p95": float(p95), "max": float(max(values))}


def share(count: int, total: int) -> dict[str, float]:
    """`count` of `total` with Wilson's 95% interval, cases taken as independent; of none: 0 to 1."""
    if not total:
        return {"value": 0.0, "low": 0.0, "high": 1.0}
    z = 1.959964
    value = count / total
    middle = (value + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * math.sqrt(value * (1 - value) / total + z * z / (4 * total**2))
    return {"value": value, "low": max(0.0, middle - half), "high": min(1.0, middle + half)}


def percent(found: dict[str, float]) -> str:
    """A share with its interval: "97.5% [94.3, 98.9]"."""
    return f"{found['value']:.1%} [{100 * found['low']:.1f}, {100 * found['high']:.1f}]"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def verdict(value: float, most: float) -> str:
    """Whether a figure keeps its budget."""
    return "kept" if value <= most else "**missed**"
