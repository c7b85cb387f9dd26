"""The peer of ../README.md in grpcio. Messages are written by hand: a Blob is field 1, bytes."""

import concurrent.futures
import hashlib
import json
import queue
import sys
import threading

import grpc

SERVICE = "exchange.Exchange"
LONGEST_IN_HEX = 1024
PERIOD = bytes(range(251))
COMPRESSION = {None: None, "gzip": grpc.Compression.Gzip, "deflate": grpc.Compression.Deflate}


def pattern(size):
    return (PERIOD * (size // len(PERIOD) + 1))[:size]


def encode(body):
    if not body:
        return b""
    length, prefix = len(body), bytearray(b"\x0a")
    while length >= 0x80:
        prefix.append(length & 0x7F | 0x80)
        length >>= 7
    prefix.append(length)
    return bytes(prefix) + body


def decode(message):
    if not message:
        return b""
    if message[0] != 0x0A:
        raise ValueError("not a Blob")
    length, shift, at = 0, 0, 1
    while True:
        byte = message[at]
        length |= (byte & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if byte < 0x80:
            break
    if len(message) != at + length:
        raise ValueError("not one Blob")
    return message[at:]


def ours(metadata):
    return [(key, value) for key, value in metadata or () if key.startswith("x-")]


class Exchange:
    """The methods of exchange.proto, as documented there."""

    def __init__(self):
        self._lock = threading.Lock()
        self._cancelled = {}

    def _cancellation(self, request):
        with self._lock:
            return self._cancelled.setdefault(request, threading.Event())

    def echo(self, request, context):
        metadata = ours(context.invocation_metadata())
        context.send_initial_metadata(metadata)
        context.set_trailing_metadata(metadata)
        return request

    def concatenate(self, requests, context):
        return b"".join(requests)

    def split(self, request, context):
        for byte in request:
            yield bytes([byte])

    def converse(self, requests, context):
        yield from requests

    def fail(self, request, context):
        if not request:
            raise RuntimeError("Asked to throw.")
        context.set_trailing_metadata([("x-reason", "as asked"), ("x-reason-bin", b"\x00\xff")])
        code = next(code for code in grpc.StatusCode if code.value[0] == request[0])
        context.abort(code, request[1:].decode())

    def wait(self, request, context):
        ended = threading.Event()
        context.add_callback(ended.set)
        yield request
        ended.wait()
        self._cancellation(request).set()

    def cancelled(self, request, context):
        self._cancellation(request).wait()
        return request

    def remaining(self, request, context):
        left = context.time_remaining()
        # Without a deadline, grpcio reports one in the far future.
        return b"none" if left is None or left > 1e8 else str(int(left * 1000)).encode()

    def produce(self, request, context):
        return pattern(int(request))


def handlers():
    exchange = Exchange()
    kinds = {
        grpc.unary_unary_rpc_method_handler: ["Echo", "Fail", "Cancelled", "Remaining", "Produce"],
        grpc.stream_unary_rpc_method_handler: ["Concatenate"],
        grpc.unary_stream_rpc_method_handler: ["Split", "Wait"],
        grpc.stream_stream_rpc_method_handler: ["Converse"],
    }
    return {name: kind(getattr(exchange, name.lower()), decode, encode) for kind, names in kinds.items() for name in names}


def limits(options):
    limit = int(options.get("limit", -1))
    return [("grpc.max_receive_message_length", limit)]


def read(path):
    with open(path, "rb") as file:
        return file.read()


def serve(options):
    with concurrent.futures.ThreadPoolExecutor(max_workers=16) as pool:
        server = grpc.server(pool, options=limits(options), compression=COMPRESSION[options.get("compression")])
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, handlers())])
        if "certificate" in options:
            pair = (read(options["key"]), read(options["certificate"]))
            port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([pair]))
        else:
            port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        print("listening", port, flush=True)
        sys.stdin.read()
        server.stop(None).wait()


class Caller:
    """Makes the calls that standard input asks for, and prints how they go."""

    KINDS = {"Concatenate": "stream_unary", "Split": "unary_stream", "Wait": "unary_stream", "Converse": "stream_stream"}

    def __init__(self, channel):
        self._channel = channel

    def call(self, order):
        requests = [pattern(r["size"]) if isinstance(r, dict) else bytes.fromhex(r) for r in order["requests"]]
        metadata = [(k, bytes.fromhex(v) if k.endswith("-bin") else v) for k, v in order.get("metadata") or ()]
        kind = self.KINDS.get(order["method"], "unary_unary")
        method = getattr(self._channel, kind)(f"/{SERVICE}/{order['method']}", encode, decode)
        start = getattr(method, "future", method)
        outgoing = queue.SimpleQueue()
        if kind == "stream_stream":
            outgoing.put(requests.pop(0))
            argument = iter(outgoing.get, None)
        else:
            argument = iter(requests) if kind == "stream_unary" else requests[0]
        call = start(argument, metadata=metadata, timeout=order.get("timeout"))
        try:
            self._receive(call, kind, requests, outgoing, order.get("cancelAfter"))
        except (grpc.RpcError, grpc.FutureCancelledError):
            pass
        finally:
            outgoing.put(None)
        self._print({
            "status": call.code().value[0],
            "detail": call.details() or "",
            "headers": self._describe(call.initial_metadata()),
            "trailers": self._describe(call.trailing_metadata()),
        })

    def _receive(self, call, kind, unsent, outgoing, cancel_after):
        responses = call if kind.endswith("_stream") else [call.result()]
        for count, response in enumerate(responses, 1):
            shown = response.hex() if len(response) <= LONGEST_IN_HEX else f"{len(response)}:{hashlib.sha256(response).hexdigest()}"
            self._print({"response": shown})
            if kind == "stream_stream":
                outgoing.put(unsent.pop(0) if unsent else None)
            if count == cancel_after:
                call.cancel()

    @staticmethod
    def _describe(metadata):
        return [[key, value.hex() if isinstance(value, bytes) else value] for key, value in ours(metadata)]

    @staticmethod
    def _print(line):
        print(json.dumps(line), flush=True)


def call(options):
    settings = {"options": limits(options), "compression": COMPRESSION[options.get("compression")]}
    if "root" in options:
        channel = grpc.secure_channel(options["address"], grpc.ssl_channel_credentials(read(options["root"])), **settings)
    else:
        channel = grpc.insecure_channel(options["address"], **settings)
    with channel:
        caller = Caller(channel)
        for line in sys.stdin:
            caller.call(json.loads(line))


if __name__ == "__main__":
    names, values = sys.argv[2::2], sys.argv[3::2]
    given = {name.removeprefix("--"): value for name, value in zip(names, values, strict=True)}
    {"serve": serve, "call": call}[sys.argv[1]](given)
