#!/usr/bin/python3
"""A second writer of docs/spec/checkpoint.md's header and keys; writes keys.json next to itself."""
import hashlib
import hmac
import json
import pathlib
import struct


def hkdf(secret, salt, info):
    block = hmac.new(salt, secret, hashlib.sha256).digest()
    return hmac.new(block, info + b"\x01", hashlib.sha256).digest()


def head(major, value):
    for info, code, limit in ((24, ">B", 1 << 8), (25, ">H", 1 << 16), (26, ">I", 1 << 32)):
        if value < 24:
            return bytes([major << 5 | value])
        if value < limit:
            return bytes([major << 5 | info]) + struct.pack(code, value)
    raise ValueError(value)


def cbor(item):
    if isinstance(item, int):
        return head(0, item)
    if isinstance(item, bytes):
        return head(2, len(item)) + item
    if isinstance(item, str):
        return head(3, len(item)) + item.encode()
    pairs = sorted((cbor(key), cbor(value)) for key, value in item.items())
    return head(5, len(pairs)) + b"".join(key + value for key, value in pairs)


MANIFEST = hashlib.sha256(b"manifest").digest()
SESSION = bytes(range(16))
SECRETS = [bytes([party] * 32) for party in (1, 2, 3)]
COUNTER, EPOCH = 2, 10

shares = [hkdf(secret, b"orchestrator/checkpoint-share/v1", MANIFEST) for secret in SECRETS]
info = b"orchestrator/checkpoint-key/v1\0" + SESSION + struct.pack(">I", COUNTER)
VECTORS = {
    "manifest": MANIFEST.hex(),
    "session": SESSION.hex(),
    "counter": COUNTER,
    "epoch": EPOCH,
    "secrets": [secret.hex() for secret in SECRETS],
    "shares": [share.hex() for share in shares],
    "info": info.hex(),
    "stream_key": hkdf(b"".join(shares), MANIFEST, info).hex(),
    "schema": cbor({"type": "orchestrator/checkpoint/v1", "manifest": MANIFEST, "session": SESSION, "counter": COUNTER, "epoch": EPOCH}).hex(),
}

if __name__ == "__main__":
    pathlib.Path(__file__).with_name("keys.json").write_text(json.dumps(VECTORS, indent=1) + "\n")
