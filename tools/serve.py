"""`sppnet serve`: a page and an HTTP interface on this machine, to see what a model sees."""

from importlib.util import find_spec
from pathlib import Path

import click
import numpy as np

from sppnet import detector

from .command.console import (
    USAGE,
    CommandError,
    device_option,
    engine_option,
    find_device,
    say,
    set_threads,
    threads_option,
)
from .command.options.completing import complete_model
from .command.running.models import BUNDLED, load
from .command.warm import warm_up

NEEDED = ("fastapi", "python_multipart", "uvicorn")


@click.command("serve")
@click.option(
    "-m",
    "--model",
    "models",
    shell_complete=complete_model,
    type=click.Path(path_type=Path),
    multiple=True,
    help="Folder of a model that `sppnet train` made; given several times, the page has them to choose from.  "
    f"[default: {BUNDLED}]",
)
@click.option(
    "--rcnn",
    "--rcnn-model",
    "rcnn",
    type=click.Path(path_type=Path),
    help="A trained R-CNN.  [default: the model's own weights]",
)
@click.option("--host", default="127.0.0.1", help="Where to listen; 0.0.0.0 lets other machines in.")
@click.option("--port", type=click.IntRange(0, 65535), default=8765, help="0 takes a free one.")
@click.option("--max-bytes", type=click.IntRange(1), default=32 << 20, help="Of a body.")
@click.option("--max-pixels", type=click.IntRange(1), default=64_000_000, help="Of an image.")
@click.option("--queue", type=click.IntRange(0), default=16, help="Requests that wait while one computes.")
@device_option
@engine_option
@threads_option
def command(
    models: tuple[Path, ...],
    rcnn: Path | None,
    host: str,
    port: int,
    max_bytes: int,
    max_pixels: int,
    queue: int,
    device: str,
    engine: str,
    threads: int | None,
) -> None:
    """Serve a page on this machine that shows what a model sees, and an HTTP interface for programs.

    Several models are served side by side, each under the name of its folder.
    """
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise CommandError(f"serve needs {', '.join(missing)}: pip install 'sppnet[serve]'", USAGE)
    set_threads(threads)
    from .serving.app import create_app
    from .serving.baseline import Baseline
    from .serving.server import LOOPBACK, Server, is_loopback, listening, run
    from .serving.service import Limits, Service
    from .serving.turns import Turns

    device = find_device(device)
    networks = {_name(folder): _loaded(folder, device, engine) for folder in models or (None,)}
    if len(networks) < len(models):
        raise click.UsageError("the folders of models must have different names")
    bound = listening(host, port)
    local = is_loopback(host)
    if not local:
        say(f"warning: whoever reaches {host} can use this server: there is no password, and no encryption")
    for network in networks.values():
        warm_up(network.search)
        network.predict([np.zeros((64, 64, 3), np.uint8)])
    baseline = Baseline(rcnn)
    if rcnn is not None:
        for item in networks.items():
            baseline.made(*item)
    turns = Turns(queue)
    service = Service(networks, Limits(max_bytes, max_pixels), baseline)
    app = create_app(service, turns, {*LOOPBACK, host.lower()} if local else None)
    name = f"[{host}]" if ":" in host else host
    address = f"http://{name}:{bound.getsockname()[1]}"
    run(Server(app, turns, lambda: say(f"{address} (Ctrl-C ends it)")), bound)


def _name(folder: Path | None) -> str:
    return BUNDLED if folder is None else folder.resolve().name


def _loaded(folder: Path | None, device: str, engine: str) -> "detector.SPPNet":
    """Return a model that can be explained."""
    network = load([] if folder is None else [folder], "union", device, engine)
    assert isinstance(network, detector.SPPNet)
    detector.Explainer(network)
    return network
