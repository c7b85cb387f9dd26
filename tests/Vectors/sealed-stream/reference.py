"""A second implementation of docs/spec/sealed-stream.md, written from that text, for small streams held in memory.

    python3 reference.py check     recompute every value of vectors.json and compare
    python3 reference.py write     write vectors.json anew

Needs Python 3.9 and the package `cryptography`.
"""
import hashlib
import hmac
import json
import pathlib
import sys

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VECTORS = pathlib.Path(__file__).with_name("vectors.json")
MAGIC = b"itx-seal"
VERSION = 1
LABEL = b"orchestrator/stream/v1"
PREAMBLE, COMMITMENT, IV_FIELD, IV, TAG = 16, 32, 16, 12, 16
OVERHEAD = IV_FIELD + TAG
MAX_HEADER, MAX_OWNER, MIN_FRAME, MAX_FRAME, MAX_RUN = 1 << 20, 256, 256, 1 << 24, (1 << 24) - 1
MAX_FRAMES, MAX_PLAINTEXT = 1 << 32, 1 << 48
FIELDS = {"kind": int, "owner": str, "schema": bytes, "record": int, "frame": int, "salt": bytes, "run": int}


class Refused(Exception):
    """A stream that must not be accepted; str() is the error code."""


# Deterministic CBOR (RFC 8949 section 4.2.1), as far as a header needs it.

def cbor(value):
    if isinstance(value, dict):
        pairs = sorted((cbor(key), cbor(item)) for key, item in value.items())
        return cbor_head(5, len(pairs)) + b"".join(key + item for key, item in pairs)
    if isinstance(value, bytes):
        return cbor_head(2, len(value)) + value
    if isinstance(value, str):
        return cbor_head(3, len(value.encode())) + value.encode()
    return cbor_head(0, value)


def cbor_head(major, number):
    if number < 24:
        return bytes([major << 5 | number])
    for size, info in ((1, 24), (2, 25), (4, 26), (8, 27)):
        if number < 1 << 8 * size:
            return bytes([major << 5 | info]) + number.to_bytes(size, "big")
    raise ValueError(number)


def cbor_item(data, at):
    """Returns an item and the offset after it; rejects what `cbor` would write differently by comparing afterwards."""
    major, number = data[at] >> 5, data[at] & 31
    at += 1
    if number >= 24:
        size = {24: 1, 25: 2, 26: 4, 27: 8}[number]
        number, at = int.from_bytes(data[at:at + size], "big"), at + size
    if major == 0:
        return number, at
    if major in (2, 3):
        if at + number > len(data):
            raise IndexError
        text = data[at:at + number]
        return (text if major == 2 else text.decode()), at + number
    if major != 5:
        raise ValueError(major)
    pairs = {}
    for _ in range(number):
        key, at = cbor_item(data, at)
        pairs[key], at = cbor_item(data, at)
    return pairs, at


def decode_header(encoded):
    try:
        header, end = cbor_item(encoded, 0)
        canonical = end == len(encoded) and cbor(header) == encoded
    except (IndexError, KeyError, ValueError, TypeError):
        canonical = False
    if not canonical:
        raise Refused("stream-header-not-canonical")
    if not header_valid(header):
        raise Refused("stream-header-invalid")
    return header


def header_valid(h):
    return (isinstance(h, dict) and h.keys() == FIELDS.keys() and all(isinstance(h[key], kind) for key, kind in FIELDS.items())
            and 1 <= h["kind"] <= 6 and 1 <= len(h["owner"].encode()) <= MAX_OWNER
            and not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in h["owner"]) and len(h["salt"]) == 32
            and 1 <= h["record"] <= h["frame"] and MIN_FRAME <= h["frame"] <= MAX_FRAME and h["frame"] % h["record"] == 0
            and 0 <= h["run"] <= MAX_RUN)


# Keys, frames and the digest.

def derive(key, header, encoded):
    """HKDF-Expand(SHA-512) of 64 bytes: one HMAC over the info and the byte 1."""
    info = LABEL + header["salt"] + hashlib.sha256(encoded).digest()
    output = hmac.new(key, info + b"\x01", hashlib.sha512).digest()
    return info, output[:32], output[32:]


def iv_of(header, index):
    return bytes([header["kind"]]) + header["run"].to_bytes(3, "big") + index.to_bytes(8, "big")


def merkle_leaf(data):
    return hashlib.sha256(b"\x00" + data).digest()


def merkle_root(leaves):
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + merkle_root(leaves[:split]) + merkle_root(leaves[split:])).digest()


def seal(key, header, plaintext):
    """Returns every intermediate value by name."""
    assert header_valid(header) and len(plaintext) % header["record"] == 0
    encoded = cbor(header)
    info, aes_key, commitment = derive(key, header, encoded)
    prologue = MAGIC + VERSION.to_bytes(4, "big") + len(encoded).to_bytes(4, "big") + encoded + commitment
    size, frames = header["frame"], []
    for index in range(len(plaintext) // size + 1):
        iv = iv_of(header, index)
        frames.append(iv + bytes(4) + AESGCM(aes_key).encrypt(iv, plaintext[index * size:(index + 1) * size], None))
    leaves = [merkle_leaf(part) for part in [prologue, *frames]]
    return {"encoded_header": encoded, "info": info, "aes_key": aes_key, "commitment": commitment, "prologue": prologue,
            "frames": frames, "leaves": leaves, "digest": merkle_root(leaves), "sealed": prologue + b"".join(frames)}


def split_prologue(sealed):
    """Returns header, prologue and the rest, from what stands in clear."""
    if not sealed or sealed[:8] != MAGIC[:len(sealed)]:
        raise Refused("stream-foreign")
    if len(sealed) < PREAMBLE:
        raise Refused("stream-truncated")
    if int.from_bytes(sealed[8:12], "big") != VERSION:
        raise Refused("stream-unsupported-version")
    length = int.from_bytes(sealed[12:16], "big")
    if length > MAX_HEADER:
        raise Refused("stream-header-invalid")
    end = PREAMBLE + length + COMMITMENT
    if len(sealed) < end:
        raise Refused("stream-truncated")
    return decode_header(sealed[PREAMBLE:PREAMBLE + length]), sealed[:end], sealed[end:]


def open_stream(key, sealed):
    """Returns the plaintext, or raises Refused with the code that a sequential opener gives."""
    header, prologue, rest = split_prologue(sealed)
    _, aes_key, commitment = derive(key, header, prologue[PREAMBLE:-COMMITMENT])
    if not hmac.compare_digest(commitment, prologue[-COMMITMENT:]):
        raise Refused("stream-wrong-key")
    full, plaintext, index, last = header["frame"] + OVERHEAD, b"", 0, False
    while not last:
        frame, rest = rest[:full], rest[full:]
        last = len(frame) < full
        if len(frame) < OVERHEAD:
            raise Refused("stream-truncated")
        if (len(frame) - OVERHEAD) % header["record"] or any(frame[IV:IV_FIELD]):
            raise Refused("stream-frame-tampered")
        try:
            opened = AESGCM(aes_key).decrypt(frame[:IV], frame[IV_FIELD:], None)
        except InvalidTag:
            raise Refused("stream-frame-tampered") from None
        if frame[:IV] != iv_of(header, index):
            raise Refused("stream-frame-out-of-order")
        plaintext, index = plaintext + opened, index + 1
    return plaintext


def digest_stream(sealed):
    """Returns the digest, or raises Refused with the code that a reader without the key gives."""
    header, prologue, rest = split_prologue(sealed)
    full, leaves, index = header["frame"] + OVERHEAD, [merkle_leaf(prologue)], 0
    while True:
        frame, rest = rest[:full], rest[full:]
        if len(frame) >= IV_FIELD and frame[:IV] != iv_of(header, index):
            raise Refused("stream-frame-out-of-order")
        if len(frame) >= IV_FIELD and any(frame[IV:IV_FIELD]):
            raise Refused("stream-frame-tampered")
        if len(frame) < OVERHEAD:
            raise Refused("stream-truncated")
        leaves.append(merkle_leaf(frame))
        index += 1
        if len(frame) < full:
            if (len(frame) - OVERHEAD) % header["record"]:
                raise Refused("stream-truncated")
            return merkle_root(leaves)


def outcome(action):
    try:
        action()
        return "accepted"
    except Refused as refused:
        return str(refused)


# The vectors.

def pattern(length, seed):
    return bytes((seed + 7 * j + j // 251) % 256 for j in range(length))


def header_of(kind=1, owner="clinic-a", schema=b"", record=1, frame=256, run=0, seed=1):
    return {"kind": kind, "owner": owner, "schema": schema, "record": record, "frame": frame, "salt": pattern(32, 100 + seed), "run": run}


def valid_cases():
    yield "empty", header_of(), 0
    yield "one-byte", header_of(seed=2), 1
    yield "one-below-a-frame", header_of(seed=3), 255
    yield "exactly-one-frame", header_of(seed=4), 256
    yield "one-above-a-frame", header_of(seed=5), 257
    yield "two-frames-and-some", header_of(seed=6, schema=b"\xa1\x61x\x01"), 549
    yield "records-of-12", header_of(seed=7, record=12, frame=264), 60 * 12
    yield "checkpoint-of-run-65538", header_of(seed=8, kind=5, owner="Klinik Süd", run=65538), 300
    yield "file-as-it-is", header_of(seed=13, kind=6), 300


def invalid_cases():
    key, h, plain = pattern(32, 9), header_of(seed=9, record=2), pattern(256 * 3 + 20, 9)
    good = seal(key, h, plain)
    sealed, prologue, frames = good["sealed"], good["prologue"], good["frames"]
    at = len(prologue)
    other = seal(pattern(32, 10), header_of(seed=10, record=2), plain)["frames"]

    def flip(offset):
        return sealed[:offset] + bytes([sealed[offset] ^ 1]) + sealed[offset + 1:]

    def with_header(encoded):
        h2 = {**h, "salt": h["salt"]}
        _, _, commitment = derive(key, h2, encoded)
        return MAGIC + bytes([0, 0, 0, 1]) + len(encoded).to_bytes(4, "big") + encoded + commitment + b"".join(frames)

    yield "nothing", key, b""
    yield "plain-text", key, b"id,radius,texture\n1,2,3\n"
    yield "within-the-magic", key, sealed[:5]
    yield "within-the-preamble", key, sealed[:12]
    yield "within-the-header", key, sealed[:40]
    yield "prologue-alone", key, prologue
    yield "magic-altered", key, flip(3)
    yield "version-2", key, sealed[:11] + b"\x02" + sealed[12:]
    yield "header-length-altered", key, flip(15)
    yield "header-length-huge", key, sealed[:12] + b"\xff\xff\xff\xff" + sealed[16:]
    yield "owner-altered", key, sealed.replace(b"clinic-a", b"clinic-b", 1)
    yield "header-with-long-integer", key, with_header(cbor(h).replace(b"\x63run\x00", b"\x63run\x18\x00"))
    yield "header-with-unknown-field", key, with_header(cbor({**h, "extra": 1}))
    yield "header-without-run", key, with_header(cbor({k: v for k, v in h.items() if k != "run"}))
    yield "header-frame-no-multiple-of-record", key, with_header(cbor({**h, "record": 3}))
    yield "header-frame-too-small", key, with_header(cbor({**h, "frame": 254}))
    yield "header-kind-unknown", key, with_header(cbor({**h, "kind": 7}))
    yield "header-owner-with-escape", key, with_header(cbor({**h, "owner": "clinic\x1b[2J"}))
    yield "header-run-too-large", key, with_header(cbor({**h, "run": 1 << 24}))
    yield "commitment-altered", key, flip(at - 1)
    yield "wrong-key", pattern(32, 11), sealed
    yield "iv-altered", key, flip(at + 11)
    yield "reserved-altered", key, flip(at + 12)
    yield "ciphertext-altered", key, flip(at + 16)
    yield "tag-altered", key, flip(at + 287)
    yield "last-tag-altered", key, flip(len(sealed) - 1)
    yield "frames-swapped", key, prologue + frames[1] + frames[0] + frames[2] + frames[3]
    yield "frame-dropped", key, prologue + frames[0] + frames[2] + frames[3]
    yield "frame-repeated", key, prologue + frames[0] + frames[0] + frames[1] + frames[2] + frames[3]
    yield "frame-of-another-stream", key, prologue + frames[0] + other[1] + frames[2] + frames[3]
    yield "cut-at-a-frame-edge", key, prologue + frames[0] + frames[1]
    yield "last-frame-missing", key, prologue + b"".join(frames[:3])
    yield "cut-within-a-frame", key, sealed[:at + 288 + 100]
    yield "cut-within-a-record", key, sealed[:-1]
    yield "cut-within-an-iv", key, sealed[:at + 288 + 10]
    yield "extended-by-a-byte", key, sealed + b"\x00"
    yield "extended-by-a-record", key, sealed + b"\x00\x00"
    yield "frame-after-the-last", key, sealed + frames[0]


def accumulated(count):
    """One digest over many streams: the SHA-256 of their digests, one after the other."""
    total = hashlib.sha256()
    for i in range(count):
        secret = hashlib.sha512(b"orchestrator/sealed-stream/vector" + i.to_bytes(4, "big")).digest()
        record = 1 + i % 13
        header = {"kind": 1 + i % 5, "owner": f"party-{i}", "schema": pattern(i % 50, i), "record": record,
                  "frame": -(-256 // record) * record, "salt": secret[32:], "run": i * 16777 % (1 << 24)}
        total.update(seal(secret[:32], header, pattern(i * 31 % 400 * record, i))["digest"])
    return total.digest()


def hexed(value):
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, (list, tuple)):
        return [hexed(item) for item in value]
    return {key: hexed(item) for key, item in value.items()} if isinstance(value, dict) else value


def build():
    valid, invalid = [], []
    for number, (name, header, length) in enumerate(valid_cases(), 1):
        key, plaintext = pattern(32, number), pattern(length, number)
        values = seal(key, header, plaintext)
        assert open_stream(key, values["sealed"]) == plaintext and digest_stream(values["sealed"]) == values["digest"]
        del values["sealed"]  # prologue and frames say it
        valid.append(hexed({"name": name, "key": key, "header": header, "plaintext": plaintext, **values}))
    for name, key, sealed in invalid_cases():
        invalid.append(hexed({"name": name, "key": key, "sealed": sealed, "open": outcome(lambda: open_stream(key, sealed)),
                              "digest": outcome(lambda: digest_stream(sealed))}))
        assert invalid[-1]["open"] != "accepted", name
    return {"spec": "docs/spec/sealed-stream.md", "version": VERSION, "valid": valid, "invalid": invalid,
            "accumulated": {"count": 1000, "sha256": accumulated(1000).hex()}}


def main():
    vectors = build()
    if sys.argv[1:] == ["write"]:
        VECTORS.write_text(json.dumps(vectors, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    elif sys.argv[1:] == ["check"]:
        stored = json.loads(VECTORS.read_text(encoding="utf-8"))
        if stored != vectors:
            names = [a["name"] for group in ("valid", "invalid") for a, b in zip(vectors[group], stored[group]) if a != b]
            sys.exit(f"vectors.json differs: {names or 'in its lists'}")
        print(f"checked {len(vectors['valid'])} valid, {len(vectors['invalid'])} invalid, {vectors['accumulated']['count']} accumulated")
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
