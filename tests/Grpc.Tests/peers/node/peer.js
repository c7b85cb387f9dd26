// The peer of ../README.md in @grpc/grpc-js. Messages are written by hand: a Blob is field 1, bytes.
'use strict';

const crypto = require('node:crypto');
const fs = require('node:fs');
const readline = require('node:readline');
const grpc = require('@grpc/grpc-js');

const SERVICE = 'exchange.Exchange';
const LONGEST_IN_HEX = 1024;
const PERIOD = 251;
const COMPRESSION = { deflate: 1, gzip: 2 };

function pattern(size) {
  return Buffer.alloc(size, Buffer.from(Array.from({ length: PERIOD }, (_, i) => i)));
}

function encode(body) {
  if (body.length === 0) return Buffer.alloc(0);
  const prefix = [0x0a];
  let length = body.length;
  for (; length >= 0x80; length >>>= 7) prefix.push((length & 0x7f) | 0x80);
  prefix.push(length);
  return Buffer.concat([Buffer.from(prefix), body]);
}

function decode(message) {
  if (message.length === 0) return message;
  if (message[0] !== 0x0a) throw new Error('not a Blob');
  let [length, shift, at] = [0, 0, 1];
  do {
    length |= (message[at] & 0x7f) << shift;
    shift += 7;
  } while (message[at++] >= 0x80);
  if (message.length !== at + length) throw new Error('not one Blob');
  return message.subarray(at);
}

function ours(metadata) {
  const found = new grpc.Metadata();
  for (const key of Object.keys(metadata.getMap()).filter((name) => name.startsWith('x-'))) {
    for (const value of metadata.get(key)) found.add(key, value);
  }
  return found;
}

function describe(metadata) {
  if (!metadata) return [];
  const found = ours(metadata);
  return Object.keys(found.getMap()).flatMap((key) =>
    found.get(key).map((value) => [key, Buffer.isBuffer(value) ? value.toString('hex') : value]));
}

// The methods of exchange.proto, as documented there.
function exchange() {
  const cancellations = new Map();
  const cancellation = (request) => {
    const key = request.toString('hex');
    if (!cancellations.has(key)) {
      let resolve;
      const promise = new Promise((done) => { resolve = done; });
      cancellations.set(key, { promise, resolve });
    }
    return cancellations.get(key);
  };

  return {
    Echo(call, answer) {
      const metadata = ours(call.metadata);
      call.sendMetadata(metadata);
      answer(null, call.request, metadata);
    },
    Concatenate(call, answer) {
      const parts = [];
      call.on('data', (part) => parts.push(part));
      call.on('end', () => answer(null, Buffer.concat(parts)));
    },
    Split(call) {
      for (const byte of call.request) call.write(Buffer.from([byte]));
      call.end();
    },
    Converse(call) {
      call.on('data', (request) => call.write(request));
      call.on('end', () => call.end());
    },
    Fail(call, answer) {
      if (call.request.length === 0) throw new Error('Asked to throw.');
      const metadata = new grpc.Metadata();
      metadata.add('x-reason', 'as asked');
      metadata.add('x-reason-bin', Buffer.from([0, 255]));
      answer({ code: call.request[0], details: call.request.subarray(1).toString(), metadata });
    },
    Wait(call) {
      call.on('cancelled', () => cancellation(call.request).resolve());
      call.write(call.request);
    },
    Cancelled(call, answer) {
      cancellation(call.request).promise.then(() => answer(null, call.request));
    },
    Remaining(call, answer) {
      const deadline = call.getDeadline();
      const left = deadline === Infinity ? 'none' : String(Math.floor(deadline - Date.now()));
      answer(null, Buffer.from(left));
    },
    Produce(call, answer) {
      answer(null, pattern(Number(call.request.toString())));
    },
  };
}

const KINDS = {
  Echo: [false, false], Fail: [false, false], Cancelled: [false, false], Remaining: [false, false], Produce: [false, false],
  Concatenate: [true, false], Split: [false, true], Wait: [false, true], Converse: [true, true],
};

function channelOptions(options) {
  return {
    'grpc.max_receive_message_length': Number(options.limit ?? -1),
    'grpc.default_compression_algorithm': COMPRESSION[options.compression] ?? 0,
  };
}

function serve(options) {
  const server = new grpc.Server(channelOptions(options));
  const definition = Object.fromEntries(Object.entries(KINDS).map(([name, [requestStream, responseStream]]) => [name, {
    path: `/${SERVICE}/${name}`,
    requestStream,
    responseStream,
    requestSerialize: encode,
    requestDeserialize: decode,
    responseSerialize: encode,
    responseDeserialize: decode,
  }]));
  server.addService(definition, exchange());
  const credentials = options.certificate
    ? grpc.ServerCredentials.createSsl(null, [{ cert_chain: fs.readFileSync(options.certificate), private_key: fs.readFileSync(options.key) }])
    : grpc.ServerCredentials.createInsecure();
  server.bindAsync('127.0.0.1:0', credentials, (error, port) => {
    if (error) throw error;
    console.log(`listening ${port}`);
  });
  process.stdin.resume().on('end', () => server.forceShutdown());
}

// Starts a call of any kind; `answered` gets each response.
function start(client, method, requests, metadata, callOptions, answered) {
  const [requestStream, responseStream] = KINDS[method] ?? [false, false];
  const parts = [`/${SERVICE}/${method}`, encode, decode];
  const single = (error, response) => { if (!error) answered(response); };
  let call;
  if (requestStream && responseStream) {
    const unsent = [...requests];
    const next = () => (unsent.length > 0 ? call.write(unsent.shift()) : call.end());
    call = client.makeBidiStreamRequest(...parts, metadata, callOptions);
    call.on('data', (response) => { answered(response); next(); });
    next();
  } else if (requestStream) {
    call = client.makeClientStreamRequest(...parts, metadata, callOptions, single);
    for (const request of requests) call.write(request);
    call.end();
  } else if (responseStream) {
    call = client.makeServerStreamRequest(...parts, requests[0], metadata, callOptions);
    call.on('data', answered);
  } else {
    call = client.makeUnaryRequest(...parts, requests[0], metadata, callOptions, single);
  }
  // The status tells about a failure too.
  call.on('error', () => {});
  return { call, drained: responseStream ? new Promise((done) => call.on('end', done)) : Promise.resolve() };
}

async function perform(client, order) {
  const requests = order.requests.map((r) => (typeof r === 'string' ? Buffer.from(r, 'hex') : pattern(r.size)));
  const metadata = new grpc.Metadata();
  for (const [key, value] of order.metadata ?? []) metadata.add(key, key.endsWith('-bin') ? Buffer.from(value, 'hex') : value);
  const callOptions = order.timeout ? { deadline: new Date(Date.now() + order.timeout * 1000) } : {};
  let [count, headers] = [0, null];
  const { call, drained } = start(client, order.method, requests, metadata, callOptions, (response) => {
    const shown = response.length <= LONGEST_IN_HEX
      ? response.toString('hex')
      : `${response.length}:${crypto.createHash('sha256').update(response).digest('hex')}`;
    console.log(JSON.stringify({ response: shown }));
    count += 1;
    if (count === order.cancelAfter) call.cancel();
  });
  call.on('metadata', (received) => { headers = received; });
  const status = await new Promise((done) => call.on('status', done));
  await drained;
  console.log(JSON.stringify({
    status: status.code, detail: status.details, headers: describe(headers), trailers: describe(status.metadata),
  }));
}

async function call(options) {
  const credentials = options.root
    ? grpc.credentials.createSsl(fs.readFileSync(options.root))
    : grpc.credentials.createInsecure();
  const client = new grpc.Client(options.address, credentials, channelOptions(options));
  for await (const line of readline.createInterface({ input: process.stdin })) {
    await perform(client, JSON.parse(line));
  }
  client.close();
}

const [role, ...rest] = process.argv.slice(2);
const given = {};
for (let i = 0; i < rest.length; i += 2) given[rest[i].replace(/^--/, '')] = rest[i + 1];
({ serve, call })[role](given);
