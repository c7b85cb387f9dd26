#!/usr/bin/python3
"""A second writer of the key derivation in docs/spec/device.md, down to point arithmetic; writes dice.json next to itself."""
import hashlib
import hmac
import json
import pathlib

P = 2**384 - 2**128 - 2**96 + 2**32 - 1
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973
G = (0xAA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7,
     0x3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F)
SPKI_PREFIX = bytes.fromhex("3076301006072a8648ce3d020106052b8104002203620004")


def add(a, b):
    if a is None or b is None:
        return a or b
    if a[0] == b[0] and (a[1] + b[1]) % P == 0:
        return None
    slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, P) if a == b else (b[1] - a[1]) * pow(b[0] - a[0], -1, P)
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def multiply(scalar, point):
    result = None
    for bit in bin(scalar)[2:]:
        result = add(result, result)
        result = add(result, point) if bit == "1" else result
    return result


def extract(salt, ikm):
    return hmac.new(salt, ikm, hashlib.sha384).digest()


def expand(prk, info, length=48):
    assert length <= 48
    return hmac.new(prk, info + b"\x01", hashlib.sha384).digest()[:length]


def key_pair(secret):
    for i in range(256):
        candidate = expand(secret, b"orchestrator/dice/p384/v1" + bytes([i]))
        if int.from_bytes(candidate, "big") <= N - 2:
            d = int.from_bytes(candidate, "big") + 1
            x, y = multiply(d, G)
            spki = SPKI_PREFIX + x.to_bytes(48, "big") + y.to_bytes(48, "big")
            return {"candidate": candidate.hex(), "private_key": d.to_bytes(48, "big").hex(), "public_key": spki.hex()}
    raise AssertionError


def derivation(uds, measurement):
    hdi = expand(extract(b"orchestrator/dice/hdi/v1", uds), b"")
    cdi = expand(extract(b"orchestrator/dice/cdi/v1", uds), measurement)
    return {"uds": uds.hex(), "measurement": measurement.hex(), "hdi": hdi.hex(), "cdi": cdi.hex(), "dck": key_pair(hdi), "device_id": key_pair(cdi)}


vectors = [derivation(hashlib.sha256(f"uds {i}".encode()).digest(), hashlib.sha384(f"ccu {i}".encode()).digest()) for i in range(8)]
pathlib.Path(__file__).with_name("dice.json").write_text(json.dumps(vectors, indent=1) + "\n")
