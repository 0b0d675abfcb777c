"""The kernel as one file that Python runs: symverify-kernel.pyz, for those who want to verify and install nothing.

A zip archive with a first line for Unix; equal sources give equal bytes, whatever made it: entries in order, stored, of
one date and no user.
"""

import io
import zipfile
from importlib.resources import files

from symverify.kernel.__main__ import source_files

HEAD = b"#!/usr/bin/env python3\n"
ROOT = b'"""The kernel of symverify, alone."""\n'
MAIN = b'"""Runs the kernel."""\n\nimport sys\n\nfrom symverify.kernel.__main__ import main\n\nsys.exit(main())\n'
DATE = (1980, 1, 1, 0, 0, 0)  # the first that zip archives know


def packed() -> bytes:
    """The bytes of the file: the kernel's sources as they are here, and a main program."""
    kernel = dict(source_files(files("symverify.kernel"), "symverify/kernel/"))
    entries = {"__main__.py": MAIN, "symverify/__init__.py": ROOT, **kernel}
    made = io.BytesIO()
    made.write(HEAD)
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(entries):
            entry = zipfile.ZipInfo(name, DATE)
            entry.create_system, entry.external_attr = 3, 0o644 << 16  # on Windows, too
            archive.writestr(entry, entries[name])
    return made.getvalue()
