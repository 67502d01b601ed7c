"""Signatures on runs: a DSSE envelope over an in-toto statement, made with an Ed25519 key file or a key in AWS KMS.

DSSE (github.com/secure-systems-lab/dsse): what is signed is ``DSSEv1 LEN(type) type LEN(body) body``. The statement
(in-toto attestation framework, Statement v1) names the run's manifest and files with their SHA-256. Who verifies names
the key: nothing in an envelope is believed about it, its ``keyid`` neither.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from auditor.aws_credentials import session
from auditor.errors import ConfigError
from auditor.regular_files import NotReadError, TooLargeError, read_regular
from auditor.store.manifest import Manifest

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
#: What the predicate is: a name of ours, at no address.
PREDICATE_TYPE = "urn:sagemaker-studio-auditor:run:1"
_KEY_LIMIT = 64 * 1024
#: Bytes of a message that KMS hashes itself; of a longer one it takes the hash (KMS API reference, Sign).
_KMS_MESSAGE = 4096
#: KMS's algorithms that are used, the first that a key has. Ed25519 in KMS signs messages of 4,096 bytes at most.
_KMS_ALGORITHMS = ("ECDSA_SHA_256", "ECDSA_SHA_384", "RSASSA_PSS_SHA_256")
_EXTRA = "Install it: pip install 'sagemaker-studio-auditor[sign]'"
#: From a text to be signed, the signature and a name of the key, for people.
Sign = Callable[[bytes], tuple[bytes, str]]


@dataclass(frozen=True, slots=True)
class SignKey:
    """The key of ``sign:`` in auditor.yaml: a file, or the id, ARN or alias of a key in KMS; one of them."""

    file: Path | None = None
    kms: str = ""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that somebody trusts. ``name`` is how they called it."""

    name: str
    key: PublicKeyTypes

    def verifies(self, signature: bytes, text: bytes) -> bool:
        """Whether the signature over the text is of this key."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

        try:
            if isinstance(self.key, ed25519.Ed25519PublicKey):
                self.key.verify(signature, text)
            elif isinstance(self.key, ec.EllipticCurvePublicKey):
                digest = hashes.SHA384() if self.key.curve.key_size == 384 else hashes.SHA256()
                self.key.verify(signature, text, ec.ECDSA(digest))
            else:
                assert isinstance(self.key, rsa.RSAPublicKey), "public_keys lets no other kind through"
                pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.AUTO)
                self.key.verify(signature, text, pss, hashes.SHA256())
        except InvalidSignature:
            return False
        return True


def signer(key: SignKey, profile: str | None = None) -> Sign:
    """What signs with the key. Raises ConfigError where it cannot be read or used: before anything is collected."""
    return _kms(key.kms, profile) if key.file is None else _file(key.file)


def _file(path: Path) -> Sign:
    _needs_cryptography()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(_read(path), password=None)
    except (ValueError, TypeError) as error:
        raise ConfigError(
            f"{path}: is not a private key in PEM without a password",
            hint="openssl genpkey -algorithm ed25519 -out FILE makes one.",
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(f"{path}: is not an Ed25519 key", hint="openssl genpkey -algorithm ed25519 -out FILE")
    name = _name(key.public_key())

    def sign(text: bytes) -> tuple[bytes, str]:
        return key.sign(text), name

    return sign


def _kms(key_id: str, profile: str | None) -> Sign:
    from botocore.exceptions import BotoCoreError, ClientError

    client, found = _kms_key(key_id, profile)
    algorithm = next((a for a in _KMS_ALGORITHMS if a in found.get("SigningAlgorithms", ())), None)
    if algorithm is None:
        raise ConfigError(
            f"sign: the KMS key {key_id} can't sign runs",
            hint="Use an asymmetric key for signing: ECC_NIST_P256, ECC_NIST_P384 or RSA.",
        )
    digest = hashlib.sha384 if algorithm.endswith("384") else hashlib.sha256

    def sign(text: bytes) -> tuple[bytes, str]:
        try:
            short = len(text) <= _KMS_MESSAGE
            answer = client.sign(
                KeyId=key_id,
                Message=text if short else digest(text).digest(),
                MessageType="RAW" if short else "DIGEST",
                SigningAlgorithm=algorithm,
            )
        except (BotoCoreError, ClientError) as error:
            raise ConfigError(f"sign: {' '.join(str(error).split())}", hint="Signing needs kms:Sign.") from error
        return answer["Signature"], found["KeyId"]

    return sign


def _kms_key(key_id: str, profile: str | None) -> tuple[Any, Mapping[str, Any]]:
    from botocore.exceptions import BotoCoreError, ClientError

    # An ARN says its Region: arn:PARTITION:kms:REGION:ACCOUNT:key/ID.
    parts = key_id.split(":")
    try:
        client: Any = session(profile).client(
            "kms", region_name=parts[3] if len(parts) == 6 and parts[0] == "arn" else None
        )
        return client, client.get_public_key(KeyId=key_id)
    except (BotoCoreError, ClientError) as error:
        raise ConfigError(
            f"the KMS key {key_id}: {' '.join(str(error).split())}",
            hint="It needs kms:GetPublicKey, and kms:Sign to sign.",
        ) from error


def public_keys(names: Sequence[str], profile: str | None = None) -> tuple[PublicKey, ...]:
    """The keys that somebody names: files in PEM, or ``kms:ID``. Raises ConfigError."""
    return tuple(_public_key(name, profile) for name in names)


def _public_key(name: str, profile: str | None) -> PublicKey:
    _needs_cryptography()
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import (
        load_der_public_key,
        load_pem_private_key,
        load_pem_public_key,
    )

    try:
        if name.startswith("kms:"):
            key = load_der_public_key(_kms_key(name.removeprefix("kms:"), profile)[1]["PublicKey"])
        else:
            data = _read(Path(name))
            private = b"PRIVATE KEY" in data
            key = load_pem_private_key(data, None).public_key() if private else load_pem_public_key(data)
    except (ValueError, TypeError) as error:
        raise ConfigError(
            f"--key {name}: is not a key in PEM", hint="openssl pkey -in KEY -pubout makes one."
        ) from error
    if not isinstance(key, ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
        raise ConfigError(f"--key {name}: is not an Ed25519, ECDSA or RSA key")
    return PublicKey(name, key)


def _read(path: Path) -> bytes:
    try:
        return read_regular(path, _KEY_LIMIT)
    except (NotReadError, TooLargeError) as error:
        raise ConfigError(f"{path}: the key cannot be used: {error}") from error


def _needs_cryptography() -> None:
    try:
        import cryptography  # noqa: F401
    except ImportError as error:
        raise ConfigError("signatures need the package cryptography", hint=_EXTRA) from error


def _name(key: PublicKeyTypes) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    info = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"sha256:{hashlib.sha256(info).hexdigest()}"


def statement(manifest: Manifest, data: bytes, predicate: Mapping[str, Any]) -> bytes:
    """The in-toto statement about a run: its manifest and files as subjects, and what the run says of itself.

    ``data``: the manifest's bytes.
    """
    subjects = [(manifest.key, hashlib.sha256(data).hexdigest())]
    subjects += [(f.key, f.digest) for f in (*manifest.snapshots, *manifest.reports)]
    return msgspec.json.encode(
        {
            "_type": STATEMENT_TYPE,
            "subject": [{"name": name, "digest": {"sha256": digest}} for name, digest in subjects],
            "predicateType": PREDICATE_TYPE,
            "predicate": {"run": manifest.run_id, "root": manifest.root, **predicate},
        }
    )


def envelope(body: bytes, sign: Sign) -> bytes:
    """The DSSE envelope over a statement. Raises ConfigError where the key does not sign."""
    signature, name = sign(_pre_authentication(PAYLOAD_TYPE, body))
    made = {
        "payload": base64.b64encode(body).decode(),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{"keyid": name, "sig": base64.b64encode(signature).decode()}],
    }
    return msgspec.json.encode(made) + b"\n"


class _Signature(msgspec.Struct):
    sig: str
    keyid: str = ""


class _Envelope(msgspec.Struct):
    payload: str
    payloadType: str  # noqa: N815 — DSSE's name
    signatures: tuple[_Signature, ...]


class _Subject(msgspec.Struct):
    name: str
    digest: dict[str, str]


class _Predicate(msgspec.Struct):
    run: str
    root: str


class _Statement(msgspec.Struct, rename={"type_": "_type", "predicate_type": "predicateType"}):
    type_: str
    predicate_type: str
    subject: tuple[_Subject, ...]
    predicate: _Predicate


def signature_problem(envelope: bytes, keys: Sequence[PublicKey], manifest: Manifest, data: bytes) -> str:
    """What is wrong with the envelope of a run; empty where one of the keys signed a statement about this manifest.

    ``data``: the manifest's bytes.
    """
    try:
        read = msgspec.json.decode(envelope, type=_Envelope)
        body = base64.b64decode(read.payload, validate=True)
        signatures = [base64.b64decode(one.sig, validate=True) for one in read.signatures]
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError):
        return "the signature is not a DSSE envelope"
    text = _pre_authentication(read.payloadType, body)
    if not any(key.verifies(signature, text) for key in keys for signature in signatures):
        return "the signature is not of a key that was named"
    # Only what is signed is read.
    try:
        said = msgspec.json.decode(body, type=_Statement)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "what is signed is not a statement about a run"
    if (read.payloadType, said.type_, said.predicate_type) != (PAYLOAD_TYPE, STATEMENT_TYPE, PREDICATE_TYPE):
        return "what is signed is not a statement about a run"
    digests = {one.name: one.digest.get("sha256") for one in said.subject}
    if digests.get(manifest.key) != hashlib.sha256(data).hexdigest() or said.predicate.root != manifest.root:
        return "the signature is of another manifest"
    return ""


def _pre_authentication(payload_type: str, body: bytes) -> bytes:
    kind = payload_type.encode()
    return b" ".join((b"DSSEv1", str(len(kind)).encode(), kind, str(len(body)).encode(), body))
