"""Makes a layer image from a tar archive, by docs/spec/layer-image.md alone: python3 layer_image.py ARCHIVE [IMAGE].

Prints diff ID, root hash and length. Reads honest archives; refuses nothing. A second implementation, so that the specification is enough.
"""

import hashlib
import struct
import sys
import tarfile

BLOCK = 4096
FILE, FOLDER, LINK, PIPE, DEVICE = 0x8000, 0x4000, 0xA000, 0x1000, 0x2000
ENTRY_TYPE = {FILE: 1, FOLDER: 2, DEVICE: 3, PIPE: 5, LINK: 7}
PREFIXES = [("user.", 1), ("system.posix_acl_access", 2), ("system.posix_acl_default", 3), ("trusted.", 4), ("security.", 6)]


def attributes_of(attributes):
    if not attributes:
        return b""
    encoded = bytes(12)
    for name, value in sorted(attributes.items()):
        prefix, index = next(p for p in PREFIXES if name.startswith(p[0]))
        rest = name[len(prefix):].encode()
        entry = struct.pack("<BBH", len(rest), index, len(value)) + rest + value
        encoded += entry + bytes(-len(entry) % 4)
    return encoded


class Image:
    def __init__(self):
        self.bytes = bytearray(BLOCK)
        self.inodes = 1
        self.slot_block = None
        self.slot_used = 0

    def take_blocks(self, size):
        position = len(self.bytes)
        self.bytes += bytes(-(-size // BLOCK) * BLOCK)
        return position

    def take_slot(self, size):
        if size > BLOCK:
            return self.take_blocks(size)
        start = -(-self.slot_used // 32) * 32
        if self.slot_block is None or start + size > BLOCK:
            self.slot_block, start = self.take_blocks(BLOCK), 0
        self.slot_used = start + size
        return self.slot_block + start

    def write(self, position, content):
        self.bytes[position:position + len(content)] = content


class Inode:
    def __init__(self, image, kind, meta, size, root=False):
        self.kind, self.meta, self.size, self.links = kind, meta, size, 1
        self.attributes = attributes_of(meta["attributes"])
        if root:
            self.serial = 1
        else:
            image.inodes += 1
            self.serial = image.inodes
        head = 64 + len(self.attributes)
        rest = size % BLOCK
        self.inline = not root and rest > 0 and head + rest <= BLOCK
        self.position = 1152 if root else image.take_slot(head + (rest if self.inline else 0))
        in_blocks = size - rest if self.inline else size
        self.blocks = image.take_blocks(in_blocks) if in_blocks else None

    def write(self, image, content=b""):
        rest = self.size % BLOCK if self.inline else 0
        special = self.kind in (PIPE, DEVICE)
        address = 0 if special else self.blocks // BLOCK if self.blocks is not None else 0xFFFFFFFF
        count = (len(self.attributes) - 12) // 4 + 1 if self.attributes else 0
        seconds, nanoseconds = self.meta["time"]
        inode = struct.pack(
            "<HHHHQIIIIqII16x", 1 | (4 if self.inline else 0), count, self.kind | self.meta["mode"], 0, self.size, address, self.serial,
            self.meta["uid"], self.meta["gid"], seconds, nanoseconds, self.links)
        image.write(self.position, inode + self.attributes + content[len(content) - rest:])
        if self.blocks is not None:
            image.write(self.blocks, content[:len(content) - rest])


class Folder:
    def __init__(self):
        self.meta = {"mode": 0o755, "uid": 0, "gid": 0, "time": (0, 0), "attributes": {}}
        self.children, self.whiteouts, self.opaque = {}, set(), False


def blocks_of(names):
    blocks, used = [[]], 0
    for name in sorted([*names, b".", b".."]):
        if used + 12 + len(name) > BLOCK:
            blocks.append([])
            used = 0
        blocks[-1].append(name)
        used += 12 + len(name)
    return blocks, (len(blocks) - 1) * BLOCK + used


def place(image, name, folder, parent, placed):
    opaque = folder.opaque or (parent is not None and name in parent["folder"].whiteouts)
    whiteouts = [] if opaque else sorted(folder.whiteouts - folder.children.keys())
    meta = dict(folder.meta)
    if opaque:
        meta["attributes"] = {**meta["attributes"], "trusted.overlay.opaque": b"y"}
    blocks, size = blocks_of([*folder.children, *whiteouts])
    inode = Inode(image, FOLDER, meta, size, root=parent is None)
    inode.links = 2 + sum(isinstance(child, Folder) for child in folder.children.values())
    names = {b".": inode, b"..": parent["inode"] if parent else inode}
    for hidden in whiteouts:
        names[hidden] = Inode(image, DEVICE, {"mode": 0, "uid": 0, "gid": 0, "time": (0, 0), "attributes": {}}, 0)
        names[hidden].write(image)
    here = {"folder": folder, "inode": inode, "names": names, "blocks": blocks, "size": size}
    placed.append(here)
    for child in sorted(folder.children):
        if isinstance(folder.children[child], Folder):
            names[child] = place(image, child, folder.children[child], here, placed)
        else:
            names[child] = folder.children[child]
    return inode


def write_folder(image, here):
    content = b""
    for block in here["blocks"]:
        content += bytes(-len(content) % BLOCK)
        at, entries = 12 * len(block), b""
        for name in block:
            inode = here["names"][name]
            entries += struct.pack("<QHBx", inode.position // 32, at, ENTRY_TYPE[inode.kind])
            at += len(name)
        content += entries + b"".join(block)
    here["inode"].write(image, content)


def meta_of(member):
    seconds = member.pax_headers.get("mtime")
    if seconds is None:
        time = (int(member.mtime), 0)
    else:
        whole, _, fraction = seconds.partition(".")
        nanoseconds = int((fraction + "000000000")[:9])
        time = (int(whole), nanoseconds)
        if seconds.startswith("-") and nanoseconds:
            time = (int(whole) - 1, 10**9 - nanoseconds)
    prefix = "SCHILY.xattr."
    attributes = {key[len(prefix):]: value.encode("utf-8", "surrogateescape") for key, value in member.pax_headers.items() if key.startswith(prefix)}
    return {"mode": member.mode & 0o7777, "uid": member.uid, "gid": member.gid, "time": time, "attributes": attributes}


def path_of(name):
    return [part for part in name.encode("utf-8", "surrogateescape").split(b"/") if part not in (b"", b".")]


def open_folder(root, path):
    for name in path:
        root = root.children.setdefault(name, Folder())
    return root


def add(image, root, archive, member):
    path = path_of(member.name)
    if member.isdir():
        open_folder(root, path).meta = meta_of(member)
        return
    folder, name = open_folder(root, path[:-1]), path[-1]
    if name == b".wh..wh..opq":
        folder.opaque = True
    elif name.startswith(b".wh."):
        folder.whiteouts.add(name[4:])
    elif member.islnk():
        *above, last = path_of(member.linkname)
        folder.children[name] = open_folder(root, above).children[last]
        folder.children[name].links += 1
    else:
        content = archive.extractfile(member).read() if member.isfile() else member.linkname.encode("utf-8", "surrogateescape") if member.issym() else b""
        folder.children[name] = inode = Inode(image, FILE if member.isfile() else LINK if member.issym() else PIPE, meta_of(member), len(content))
        inode.write(image, content)


def file_system(path, diff_id):
    image, root = Image(), Folder()
    with tarfile.open(path) as archive:
        for member in archive:
            add(image, root, archive, member)
    placed = []
    place(image, b"", root, None, placed)
    for here in placed:
        write_folder(image, here)
        for inode in here["names"].values():
            if inode.kind != FOLDER:
                image.write(inode.position + 44, struct.pack("<I", inode.links))
    image.write(1024, struct.pack("<IIIBBHQQIIII16s", 0xE0F5E1E2, 0, 2, 12, 0, 36, image.inodes, 0, 0, len(image.bytes) // BLOCK, 0, 0, diff_id[:16]))
    return bytes(image.bytes)


def tree_over(data):
    levels = []
    while True:
        hashes = b"".join(hashlib.sha256(bytes(32) + data[at:at + BLOCK]).digest() for at in range(0, len(data), BLOCK))
        if len(data) == BLOCK:
            return hashes, b"".join(reversed(levels))
        data = hashes + bytes(-len(hashes) % BLOCK)
        levels.append(data)


def layer_image(path):
    with open(path, "rb") as archive:
        diff_id = hashlib.sha256(archive.read()).digest()
    data = file_system(path, diff_id)
    root, tree = tree_over(data)
    superblock = struct.pack("<8sII16s32sIIQH6x32x", b"verity", 1, 1, root[:16], b"sha256", BLOCK, BLOCK, len(data) // BLOCK, 32)
    return diff_id, root, data + superblock + bytes(BLOCK - len(superblock)) + tree


if __name__ == "__main__":
    diff_id, root, image = layer_image(sys.argv[1])
    print(diff_id.hex(), root.hex(), len(image))
    if len(sys.argv) > 2:
        with open(sys.argv[2], "wb") as output:
            output.write(image)
