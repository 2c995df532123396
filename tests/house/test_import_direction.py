"""Imports go one way, as the layout says: the higher layer names the lower, and no two of one layer know each other."""

from __future__ import annotations

from pathlib import Path

from support.imports import ROOT, Import, imports

LAYERS = (
    {"harness.__main__"},
    {"harness.cli"},
    {"harness.bench"},
    {"jobs"},
    {"harness.report"},
    {"harness.launch"},
    {"harness.grid"},
    {"harness.training"},
    {
        "harness.data", "harness.models", "harness.objectives",
        "harness.evaluation", "harness.analysis", "harness.tracking", "harness.translation",
    },
    {"harness.distributed", "harness.config"},
    {"harness.files"},
    {"harness.errors"},
    {"harness"},
)  # fmt: skip


def part(module: str) -> str:
    """The package of the layout that a module or name belongs to."""
    known = [name for layer in LAYERS for name in layer if module == name or module.startswith(f"{name}.")]
    return max(known, key=len, default="")


def is_part_of_ours(name: str) -> bool:
    return name.split(".")[0] in ("harness", "jobs")


def height(name: str) -> int:
    return next(len(LAYERS) - index for index, layer in enumerate(LAYERS) if name in layer)


def violations(found: list[Import]) -> list[str]:
    """Imports that go up or sideways, and `jobs` named by the library."""
    wrong = []
    for one in found:
        if not is_part_of_ours(one.imported):
            continue
        above, below = part(one.importer), part(one.imported)
        if above == below or (height(above) > height(below) and below != "jobs"):
            continue
        wrong.append(str(one))
    return wrong


def test_no_import_goes_up_or_sideways() -> None:
    assert violations(imports()) == []


def test_every_package_stands_in_a_layer() -> None:
    layers = set.union(*LAYERS)
    folders = {f"harness.{path.name}" for path in (ROOT / "harness").iterdir() if (path / "__init__.py").exists()}
    files = {f"harness.{path.stem}" for path in (ROOT / "harness").glob("*.py")} - {"harness.__init__"}
    assert folders | files <= layers


def made_up(root: Path, sources: dict[str, str]) -> list[str]:
    for name, source in sources.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    return violations(imports(root))


def test_an_allowed_edge_passes(tmp_path: Path) -> None:
    downward = {
        "harness/cli/plan.py": "from harness.grid.plan import Plan\nfrom harness import __version__",
        "harness/grid/plan.py": "from harness.config.read import read\nimport json",
        "jobs/probe.py": "from harness.evaluation import metrics",
    }
    assert made_up(tmp_path, downward) == []


def test_each_forbidden_edge_is_caught(tmp_path: Path) -> None:
    forbidden = {
        "harness/errors.py": "import harness.config",
        "harness/config/late.py": "def f():\n    from harness.grid import plan",
        "harness/data/sideways.py": "from harness.models import encoders",
        "harness/data/relative.py": "from ..objectives import vicreg",
        "harness/tracking/for_types.py": "import typing\nif typing.TYPE_CHECKING:\n    import harness.training",
        "harness/cli/submit.py": "import jobs.pretrain",
        "harness/launch/worker.py": "import importlib\nimportlib.import_module('jobs')",
        "harness/grid/parent.py": "from harness import launch",
    }
    found = made_up(tmp_path, forbidden)
    assert len(found) == len(forbidden)
    assert "harness.data.relative, line 1: imports harness.objectives.vicreg" in found
    assert "harness.config.late, line 2: imports harness.grid.plan" in found
