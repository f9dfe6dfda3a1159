"""What a file is from which no tensors can be read, in words."""

import zipfile
from pathlib import Path

from ..errors import ModelError

BLANK = b"\xef\xbb\xbf \t\r\n"  # what may stand before the first sign of a text
PICKLED = (b"PK", b"\x80")  # how files of torch.save begin, today's and the older ones


def looks_like(file: Path) -> str:
    """Return what a file is from which no tensors can be read."""
    try:
        with file.open("rb") as stream:
            start = stream.read(1000)
    except OSError as error:
        return str(error.strerror)
    if not start:
        return "it is empty"
    if start.startswith(b"version https://git-lfs"):
        return "it is a pointer of Git LFS, and `git lfs pull` fetches the file"
    if start.lstrip(BLANK).startswith(b"<"):
        return "it is a web page or XML, as a failed download leaves it"
    if file.suffix == ".safetensors" or not start.startswith(PICKLED):
        return f"it is damaged or of another kind, and begins with {start[:8]!r}"
    try:
        with zipfile.ZipFile(file) as archive:
            names = {name.rpartition("/")[2] for name in archive.namelist()}
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        return "it is damaged, or holds pickled objects of Python beside tensors"
    if "constants.pkl" in names:
        return "it is a program of TorchScript"
    if "data.pkl" in names:
        return "it holds pickled objects of Python, such as a whole module, not only tensors"
    return "it is an archive of something else"


def check_archive(file: Path) -> None:
    """Raise ModelError if a file is an archive that unpacks to more bytes than it has; torch.save packs nothing."""
    try:
        with zipfile.ZipFile(file) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        return  # it is of the older format, or damaged, which its reader says
    if unpacked > (size := file.stat().st_size):
        raise ModelError(f"{file}: is an archive of {size:,} bytes that unpacks to {unpacked:,}")
