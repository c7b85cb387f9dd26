"""A party written without this project's code, from docs/spec/host-api.md: foreign_party.py ADDRESS CERTIFICATE NAME

Prints its public keys, waits for a line, then logs in and prints the names of the jobs that it sees.
"""
import hashlib
import sys

import grpc
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_pem_x509_certificate

address, certificate_file, name = sys.argv[1:]
certificate = open(certificate_file, "rb").read()
fingerprint = hashlib.sha256(load_pem_x509_certificate(certificate).public_bytes(Encoding.DER)).digest()
signing_key = Ed25519PrivateKey.generate()
public_keys = [key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw) for key in (signing_key, X25519PrivateKey.generate())]


def field(number, value):
    """A length-delimited field of a protobuf message; everything here is shorter than 2^14 bytes."""
    length = bytes([len(value)]) if len(value) < 128 else bytes([len(value) & 127 | 128, len(value) >> 7])
    return bytes([number << 3 | 2]) + length + value


def fields(message):
    """The length-delimited fields of a message, by number, in order."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(message):
        tag = varint()
        length = varint()
        if tag & 7 == 2:
            yield tag >> 3, message[at : at + length]
            at += length


def sign(purpose, *parts):
    return signing_key.sign(purpose + b"\0" + fingerprint + name.encode() + b"\0" + b"".join(parts))


def call(channel, method, request, metadata=()):
    return channel.unary_unary("/orchestrator.host.v1." + method, None, None)(request, metadata=metadata, timeout=60)


with grpc.secure_channel(address, grpc.ssl_channel_credentials(certificate)) as channel:
    identity = field(1, name.encode()) + field(2, public_keys[0]) + field(3, public_keys[1])
    call(channel, "Parties/Register", field(1, identity) + field(2, sign(b"orchestrator/register/v1", *public_keys)))
    print(*[key.hex() for key in public_keys], flush=True)
    sys.stdin.readline()

    challenge = dict(fields(call(channel, "Parties/Challenge", field(1, name.encode()))))[1]
    login = field(1, name.encode()) + field(2, challenge) + field(3, sign(b"orchestrator/login/v1", challenge))
    token = dict(fields(call(channel, "Parties/Login", login)))[1].decode()
    for _, job in fields(call(channel, "Jobs/List", b"", [("authorization", f"Bearer {token}")])):
        print(dict(fields(job))[1].hex())
