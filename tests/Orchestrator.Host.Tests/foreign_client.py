"""Talks to a host with another gRPC implementation and hand-encoded messages: foreign_client.py ADDRESS CERTIFICATE"""
import sys

import grpc

address, certificate = sys.argv[1:]
credentials = grpc.ssl_channel_credentials(open(certificate, "rb").read())


def call(channel, method, request, metadata=()):
    stub = channel.unary_unary(method, request_serializer=None, response_deserializer=None)
    try:
        return stub(request, metadata=metadata, timeout=30).hex()
    except grpc.RpcError as error:
        trailers = dict(error.trailing_metadata())
        return f"{error.code().name} {trailers.get('orchestrator-error-bin', b'').hex()}"


with grpc.secure_channel(address, credentials) as channel:
    digest = b"\x0a\x20" + bytes(32)  # field 1, 32 bytes
    print(call(channel, "/orchestrator.host.v1.Parties/Describe", b""))
    print(call(channel, "/orchestrator.host.v1.Objects/Stat", digest))
    print(call(channel, "/orchestrator.host.v1.Objects/Stat", digest, [("authorization", "Bearer wrong")]))
    print(call(channel, "/orchestrator.host.v1.Objects/Stat", digest, [("authorization", f"Bearer {sys.stdin.readline().strip()}")]))
    print(call(channel, "/orchestrator.host.v1.Objects/Nothing", b""))
