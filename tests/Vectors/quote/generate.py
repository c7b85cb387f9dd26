#!/usr/bin/python3
"""A second writer of docs/spec/quote.md; writes evidence.json next to itself. Signatures are random, so every run gives other bytes."""
import datetime
import hashlib
import json
import pathlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.x509.oid import NameOID

NOW = datetime.datetime(2027, 3, 1, 12)
TCB_INFO = x509.ObjectIdentifier("2.23.133.5.4.1")
CODES = "attestation-"


def head(major, value):
    if value < 24:
        return bytes([major << 5 | value])
    for info, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if value < 1 << 8 * size:
            return bytes([major << 5 | info]) + value.to_bytes(size, "big")
    raise ValueError(value)


def cbor(item):
    if item is None:
        return b"\xf6"
    if isinstance(item, bool):
        return b"\xf5" if item else b"\xf4"
    if isinstance(item, int):
        return head(0, item) if item >= 0 else head(1, -1 - item)
    if isinstance(item, bytes):
        return head(2, len(item)) + item
    if isinstance(item, str):
        return head(3, len(item.encode())) + item.encode()
    if isinstance(item, list):
        return head(4, len(item)) + b"".join(map(cbor, item))
    pairs = sorted((cbor(key), cbor(value)) for key, value in item.items())
    return head(5, len(pairs)) + b"".join(key + value for key, value in pairs)


def sha384(data):
    return hashlib.sha384(data).digest()


def key(seed):
    return ec.derive_private_key(int.from_bytes(sha384(seed.encode())[:40], "big"), ec.SECP384R1())


def spki(private):
    return private.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def der(tag, body):
    size = len(body)
    return bytes([tag]) + (bytes([size]) if size < 128 else bytes([0x81, size])) + body


def tcb_info(svn, layer, fwids, debug):
    sha384_oid = bytes.fromhex("0609608648016503040202")
    listed = b"".join(der(0x30, sha384_oid + der(0x04, fwid)) for fwid in fwids)
    flags = der(0x87, b"\x04\x10") if debug else der(0x87, b"\x00")
    return der(0x30, der(0x83, bytes([svn])) + der(0x84, bytes([layer])) + der(0xA6, listed) + flags)


KEYS = {place: key(f"orchestrator quote vector {place}") for place in ("root", "dck", "device", "alias", "collateral", "stranger")}
FIRMWARE = {"ccu": sha384(b"ccu"), "icu": sha384(b"icu"), "tiles": sha384(b"tiles")}
ISSUERS = {"root": "root", "collateral": "root", "dck": "root", "device": "dck", "alias": "device"}
PATH_LENGTHS = {"root": 2, "dck": 1, "device": 0}


def name(place):
    unit = [x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "Simulated")] if place in ("root", "dck") else []
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Orchestrator"), *unit, x509.NameAttribute(NameOID.COMMON_NAME, place)])


def identifier(place):
    return sha384(spki(KEYS[place]))[:20]


def certificate(place, subject=None, signer=None, algorithm=None, days=365, svn=1, debug=False, authority=None, usage_critical=True):
    leaf = place in ("alias", "collateral")
    authority = not leaf if authority is None else authority
    issuer = ISSUERS[place]
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(place)).issuer_name(name(issuer))
        .public_key((subject or KEYS[place]).public_key())
        .serial_number(0x4200 + len(place))
        .not_valid_before(NOW - datetime.timedelta(days=1)).not_valid_after(NOW + datetime.timedelta(days=days))
        .add_extension(x509.BasicConstraints(authority, PATH_LENGTHS.get(place, 0) if authority else None), critical=True)
        .add_extension(x509.KeyUsage(leaf, False, False, False, False, not leaf, place == "root", False, False), critical=usage_critical)
        .add_extension(x509.SubjectKeyIdentifier(identifier(place)), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier(identifier(issuer), None, None), critical=False))
    if place == "device":
        builder = builder.add_extension(x509.UnrecognizedExtension(TCB_INFO, tcb_info(svn, 0, [FIRMWARE["ccu"]], debug)), critical=False)
    if place == "alias":
        builder = builder.add_extension(x509.UnrecognizedExtension(TCB_INFO, tcb_info(svn, 1, [FIRMWARE["icu"], FIRMWARE["tiles"]], debug)), critical=False)
    return builder.sign(KEYS[signer or issuer], algorithm or hashes.SHA384())


def encoded(cert):
    return cert.public_bytes(serialization.Encoding.DER)


def cose(content_type, signer, kid, chain, payload):
    protected = {1: -35, 3: content_type, 4: kid}
    if chain:
        protected[33] = chain
    header = cbor(protected)
    to_sign = cbor(["Signature1", header, b"", payload])
    r, s = utils.decode_dss_signature(KEYS[signer].sign(to_sign, ec.ECDSA(hashes.SHA384())))
    message = b"\xd2" + cbor([header, {}, payload, r.to_bytes(48, "big") + s.to_bytes(48, "big")])
    return message, header, to_sign


# RFC 9711's claims have IANA's numbers, this profile's own are private ones.
LABELS = {
    "eat_nonce": 10, "ueid": 256, "oemid": 258, "hwmodel": 259, "hwversion": 260, "dbgstat": 263, "eat_profile": 265, "bootcount": 267,
    "measurements": 273, "simulated": -70000, "mode": -70001, "confined": -70002, "security_version": -70003, "device_id": -70004,
    "manifest": -70005, "session": -70006, "session_key": -70007, "parties": -70008, "checkpoint": -70009}


def measurements(parts):
    """One CoSWID evidence tag (RFC 9393), in an array of [content format, tag]."""
    files = [{24: part, 7: [7, digest]} for part, digest in sorted(parts.items())]
    tag = {0: "orchestrator/firmware", 1: "orchestrator/firmware", 12: 0, 2: {31: "Orchestrator", 33: 1}, 3: {17: files}}
    return [[258, cbor(tag)]]


def claims(**changes):
    quote = {
        "eat_nonce": [bytes(range(32)), bytes(32)], "parties": ["clinic", "lab"],
        "ueid": b"\x01" + sha384(spki(KEYS["dck"]))[:32], "oemid": sha384(spki(KEYS["root"]))[:16], "hwmodel": b"vector", "hwversion": ["1"],
        "dbgstat": 2, "eat_profile": "tag:orchestrator.invalid,2026:quote/v2", "bootcount": 7,
        "measurements": measurements({"bootloader": sha384(b"bootloader"), **FIRMWARE}),
        "device_id": sha384(spki(KEYS["device"])), "security_version": 1, "mode": "trusted", "confined": True, "simulated": True,
        "manifest": hashlib.sha256(b"manifest").digest(), "session": bytes(range(16)), "session_key": b"\x09" + bytes(31)}
    quote.update(changes)
    return {LABELS.get(name, name): value for name, value in quote.items() if value != "left out"}


def evidence(chain=None, signer="alias", kid=None, content_type="application/eat-ucs+cbor", **changes):
    chain = [encoded(certificate(place)) for place in ("alias", "device", "dck")] if chain is None else chain
    kid = sha384(spki(KEYS["alias"])) if kid is None else kid
    return cose(content_type, signer, kid, chain, cbor(claims(**changes)))[0]


def chain_with(place, **changes):
    return [encoded(certificate(p, **(changes if p == place else {}))) for p in ("alias", "device", "dck")]


def collateral(keys, signer="root", certificates=(), issued=-1, days=1, **changes):
    def seconds(offset):
        return int((NOW + datetime.timedelta(days=offset)).replace(tzinfo=datetime.timezone.utc).timestamp())
    content = {
        "profile": "orchestrator/collateral/v1", "not_before": seconds(issued), "next_update": seconds(days),
        "revoked": keys, "minimum_security_version": 1, **changes}
    chain = [encoded(cert) for cert in certificates]
    # RFC 9360: one certificate is a byte string, several are an array.
    return cose("application/orchestrator-collateral+cbor", signer, sha384(spki(KEYS[signer])), chain[0] if len(chain) == 1 else chain, cbor(content))[0]


def cases():
    ids = {place: sha384(spki(private)) for place, private in KEYS.items()}
    yield "genuine", evidence(), None, None
    yield "debug", evidence(chain=[encoded(certificate(p, debug=p != "dck")) for p in ("alias", "device", "dck")], dbgstat=0), None, None
    yield "collateral without the device", evidence(), collateral([ids["stranger"]]), None
    yield "collateral by a certified key", evidence(), collateral([], "collateral", [certificate("collateral")]), None
    yield "revoked by a certified key", evidence(), collateral([ids["dck"]], "collateral", [certificate("collateral")]), "revoked"
    yield "collateral key certified by a stranger", evidence(), collateral([], "collateral", [certificate("collateral", signer="stranger")]), "collateral-invalid"
    yield "collateral by a DCK", evidence(), collateral([], "dck", [certificate("dck")]), "collateral-invalid"
    yield "collateral without its certificate", evidence(), collateral([], "collateral"), "collateral-invalid"
    yield "collateral with an unknown field", evidence(), collateral([], extra=1), "collateral-invalid"
    yield "DCK revoked", evidence(), collateral([ids["stranger"], ids["dck"]]), "revoked"
    yield "DeviceID revoked", evidence(), collateral([ids["device"]]), "revoked"
    yield "collateral of last week", evidence(), collateral([], issued=-1, days=-0.5), "collateral-stale"
    yield "collateral by a stranger", evidence(), collateral([], signer="stranger"), "collateral-invalid"
    yield "two certificates", evidence(chain=chain_with("none")[:2]), None, "evidence-malformed"
    yield "root presented too", evidence(chain=chain_with("none") + [encoded(certificate("root"))]), None, "evidence-malformed"
    yield "alias signed with SHA-256", evidence(chain=chain_with("alias", algorithm=hashes.SHA256())), None, "certificate-invalid"
    yield "alias is an authority", evidence(chain=chain_with("alias", authority=True)), None, "certificate-invalid"
    yield "DeviceID is no authority", evidence(chain=chain_with("device", authority=False)), None, "certificate-invalid"
    yield "key usage not critical", evidence(chain=chain_with("dck", usage_critical=False)), None, "certificate-invalid"
    yield "DCK signed by a stranger", evidence(chain=chain_with("dck", signer="stranger")), None, "chain-broken"
    yield "DeviceID signed by the root", evidence(chain=chain_with("device", signer="root")), None, "chain-broken"
    yield "alias signed by the DCK", evidence(chain=chain_with("alias", signer="dck")), None, "chain-broken"
    yield "DCK expired", evidence(chain=chain_with("dck", days=-0.5)), None, "certificate-expired"
    yield "alias expired", evidence(chain=chain_with("alias", days=-0.5)), None, "certificate-expired"
    yield "signed by the DeviceID", evidence(signer="device"), None, "signature-invalid"
    yield "key id of the DeviceID", evidence(kid=ids["device"]), None, "signature-invalid"
    yield "content type of a receipt", evidence(content_type="application/orchestrator-receipt+cbor"), None, "signature-invalid"
    yield "alias of another key", evidence(chain=chain_with("alias", subject=KEYS["stranger"])), None, "signature-invalid"
    yield "other security version", evidence(security_version=2), None, "claims-disagree"
    yield "debug only in the quote", evidence(dbgstat=0), None, "claims-disagree"
    yield "other tiles", evidence(measurements=measurements({"bootloader": sha384(b"bootloader"), **FIRMWARE, "tiles": sha384(b"other")})), None, "claims-disagree"
    yield "not simulated", evidence(simulated=False), None, "claims-disagree"
    yield "other device", evidence(device_id=ids["alias"]), None, "claims-disagree"
    yield "other vendor", evidence(oemid=ids["stranger"][:16]), None, "claims-disagree"
    yield "other entity", evidence(ueid=b"\x01" + ids["device"][:32]), None, "claims-disagree"
    yield "resumes", evidence(checkpoint={"digest": bytes(32), "epoch": 4, "counter": 2}), None, None
    yield "one party", evidence(eat_nonce=bytes(32), parties=["clinic"]), None, None
    yield "one nonce in an array", evidence(eat_nonce=[bytes(32)], parties=["clinic"]), None, "evidence-malformed"
    yield "checkpoint of null", evidence(checkpoint=None), None, "evidence-malformed"
    yield "no confinement claim", evidence(confined="left out"), None, "evidence-malformed"
    yield "no claim of simulation", evidence(simulated="left out"), None, "evidence-malformed"
    yield "unknown claim", evidence(extra=1), None, "evidence-malformed"
    yield "short nonce", evidence(eat_nonce=[bytes(31), bytes(32)]), None, "evidence-malformed"
    yield "boot count 0", evidence(bootcount=0), None, "evidence-malformed"
    yield "another profile", evidence(eat_profile="tag:orchestrator.invalid,2026:quote/v1"), None, "evidence-malformed"


def steps():
    chain = {place: certificate(place) for place in ("alias", "device", "dck")}
    kid = sha384(spki(KEYS["alias"]))
    message, header, to_sign = cose("application/eat-ucs+cbor", "alias", kid, [encoded(cert) for cert in chain.values()], cbor(claims()))
    return {
        "evidence": message.hex(),
        "evidence_sha256": hashlib.sha256(message).hexdigest(),
        "key_ids": {place: sha384(spki(KEYS[place])).hex() for place in ("root", "dck", "device", "alias")},
        "signed_parts_sha384": {place: sha384(cert.tbs_certificate_bytes).hex() for place, cert in chain.items()},
        "tcb_infos": {
            "device": tcb_info(1, 0, [FIRMWARE["ccu"]], False).hex(),
            "alias": tcb_info(1, 1, [FIRMWARE["icu"], FIRMWARE["tiles"]], False).hex()},
        "protected_header": header.hex(),
        "payload": cbor(claims()).hex(),
        "sig_structure_sha384": sha384(to_sign).hex()}


vectors = {
    "about": "docs/spec/quote.md; the keys derive from published text, so this root must not be trusted",
    "time": NOW.isoformat() + "Z",
    "root_pem": certificate("root").public_bytes(serialization.Encoding.PEM).decode(),
    "steps": steps(),
    "cases": [
        {"name": case, "evidence": message.hex(), "collateral": listed.hex() if listed else None, "code": CODES + code if code else None}
        for case, message, listed, code in cases()]}
pathlib.Path(__file__).with_name("evidence.json").write_text(json.dumps(vectors, indent=1) + "\n")
