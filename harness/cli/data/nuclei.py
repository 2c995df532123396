"""`harness data nuclei`: masks that a segmentation tool left, as the folder that a data set takes."""

from __future__ import annotations

from pathlib import Path

import click
from rich.progress import Progress

from harness.cli.common import console
from harness.cli.data._given import data_arguments, given
from harness.data.nuclei.formats import FORMATS
from harness.data.nuclei.imported import import_nuclei
from harness.errors import ConfigError


@click.command("nuclei")
@data_arguments
@click.option("--from", "left", required=True, type=click.Path(path_type=Path), help="The folder of the tool's files.")
@click.option("--to", "folder", required=True, type=click.Path(path_type=Path), help="The folder to make.")
@click.option("--format", "form", required=True, type=click.Choice(sorted(FORMATS)), help="What wrote the files.")
@click.option("--scale", default=1.0, show_default=True, help="Side of the images that the tool saw over the patches'.")
def command(data: str, words: tuple[str, ...], left: Path, folder: Path, form: str, scale: float) -> None:
    """Import nuclear masks of DATA's patches.

    DATA is a kind of data set with its settings, as in `harness data nuclei nct root=PATH`.
    A patch's file is NAME.json for its H&E image NAME, anywhere below --from. Set
    data.nuclei to the folder that is made.
    """
    screen = console()
    (dataset, *others) = given(data, words)
    if others:
        raise ConfigError("the grid file names several data sets", mend="name one: KIND root=PATH")
    manifest = dataset.manifest()
    with Progress(console=screen, transient=True, disable=not screen.is_terminal) as bars:
        task = bars.add_task("importing", total=None)
        ties = import_nuclei(
            manifest, left, form, scale, folder, lambda done, total: bars.update(task, completed=done, total=total)
        )
    tied = f"the commonest type is a tie in {ties:.1%}"
    screen.print(f"{folder}: masks of {len(manifest)} patches; {tied}", soft_wrap=True)
