"""Packs a folder as an initial file system for Linux: a newc archive that holds nothing but names, contents and who may execute."""
import os
import sys

FOLDER, PROGRAM, FILE, LINK = 0o040755, 0o100755, 0o100644, 0o120777


def entry(archive, number, name, mode, content):
    fields = [number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0]
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + name + b"\0"
    for part in (head, content):
        archive.write(part + b"\0" * (-len(part) % 4))


def pack(root, path):
    names = sorted(os.path.relpath(os.path.join(folder, name), root).encode()
                   for folder, folders, files in os.walk(root) for name in folders + files)
    with open(path, "wb") as archive:
        for number, name in enumerate(names, 1):
            file = os.path.join(root.encode(), name)
            if os.path.islink(file):
                entry(archive, number, name, LINK, os.readlink(file))
            elif os.path.isdir(file):
                entry(archive, number, name, FOLDER, b"")
            else:
                with open(file, "rb") as content:
                    entry(archive, number, name, PROGRAM if os.access(file, os.X_OK) else FILE, content.read())
        entry(archive, 0, b"TRAILER!!!", 0, b"")


pack(sys.argv[1], sys.argv[2])
