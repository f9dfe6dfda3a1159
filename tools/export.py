"""`sppnet export`: a model again, with its fully connected layers compressed."""

from pathlib import Path

import click

from .settings import numbers


@click.command("export")
@click.option("-m", "--model", type=click.Path(path_type=Path), required=True, help="Folder of the model.")
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="Folder of the model to make.")
@click.option(
    "--compress",
    "ranks",
    callback=numbers,
    required=True,
    help="Ranks that truncated singular values leave of fc6 and fc7, as 256,64.",
)
def command(model: Path, output: Path, ranks: tuple[int, ...]) -> None:
    """Make fc6 and fc7 of a model two thin layers each: faster, and nearly as good (Girshick 2015, section 3.1)."""
    from detector import SPPNet, check_writable

    check_writable(output)
    network = SPPNet.load(model)
    network.compress(ranks).save(output)
    click.echo(f"the compressed model is in {output}; next: sppnet eval -m {output} --data FOLDER")
