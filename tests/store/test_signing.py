"""Signatures of runs: whose count, what they cover, and what a key elsewhere is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from auditor.errors import ConfigError
from auditor.simulator import Simulator
from auditor.store.backends import open_backend
from auditor.store.runs import RunStore
from auditor.store.signing import PublicKey, Sign, SignKey, envelope, public_keys, signer, statement
from auditor.store.verification import verify_store

from .conftest import ACCOUNT, add, wrong


@pytest.fixture
def key_files(tmp_path: Path) -> Callable[[str], tuple[Path, Path]]:
    def make(name: str) -> tuple[Path, Path]:
        key = Ed25519PrivateKey.generate()
        private, public = tmp_path / f"{name}.pem", tmp_path / f"{name}.pub"
        private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        return private, public

    return make


def signs(store: RunStore, sign: Sign) -> None:
    store.signer = lambda manifest, data: envelope(statement(manifest, data, {"tool": "x"}), sign)


@pytest.fixture
def folder_store(tmp_path: Path) -> RunStore:
    made = RunStore(open_backend(str(tmp_path / "signed")))
    made.prepare()
    return made


def test_a_signature_of_the_named_key_covers_what_was_before(
    folder_store: RunStore, tmp_path: Path, key_files: Callable[[str], tuple[Path, Path]]
) -> None:
    store = folder_store
    (unsigned,) = add(store, tmp_path, 1)
    private, public = key_files("mine")
    signs(store, signer(SignKey(private)))
    (signed,) = add(store, tmp_path, 2)
    keys = public_keys([str(public)])
    found = verify_store(store.place, keys=keys)
    assert (found.tampered, found.unsigned) == ((), 1)
    # Another key is not believed, whatever the envelope calls itself.
    _, foreign = key_files("foreign")
    assert (signed.run_id, signed.signature_key) in wrong(
        verify_store(store.place, keys=public_keys([str(foreign)]))
    )  # fmt: skip
    # A run that nobody signed, at the end.
    store.signer = None
    (last,) = add(store, tmp_path, 3)
    assert wrong(verify_store(store.place, keys=keys)) == {(last.run_id, last.key)}
    assert unsigned.run_id not in {t.run_id for t in verify_store(store.place, keys=keys).tampered}


def test_another_history_of_somebody_without_the_key_is_found(
    folder_store: RunStore, tmp_path: Path, key_files: Callable[[str], tuple[Path, Path]]
) -> None:
    """The whole run written anew, with a root of its own, and the old signature beside it; or one of another run."""
    from auditor.store.chain import seal

    store = folder_store
    private, public = key_files("mine")
    signs(store, signer(SignKey(private)))
    first, second = add(store, tmp_path, 1, 2)
    keys = public_keys([str(public)])
    good = store.place.read(second.signature_key)
    forged, data = seal(replace(second, counts=()))
    store.place.put_bytes(forged.key, data)
    assert {t.reason for t in verify_store(store.place, keys=keys).tampered} == {"the signature is of another manifest"}
    _, data = seal(replace(second, root=""))
    store.place.put_bytes(second.key, data)
    assert verify_store(store.place, keys=keys).tampered == ()
    for envelope_, reason in (
        (store.place.read(first.signature_key), "the signature is of another manifest"),
        (b"{}", "the signature is not a DSSE envelope"),
        (good.replace(b'"payload":"', b'"payload":"AAAA'), "the signature is not of a key that was named"),
    ):
        store.place.put_bytes(second.signature_key, envelope_)
        assert [t.reason for t in verify_store(store.place, keys=keys).tampered] == [reason]


def test_the_envelope_is_dsse_over_a_statement(
    folder_store: RunStore, tmp_path: Path, key_files: Callable[[str], tuple[Path, Path]]
) -> None:
    """Verified here by the specification's words, without our own code."""
    import base64
    import hashlib
    import json

    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    private, public = key_files("mine")
    signs(folder_store, signer(SignKey(private)))
    (run,) = add(folder_store, tmp_path, 1)
    read = json.loads(folder_store.place.read(run.signature_key))
    body = base64.b64decode(read["payload"])
    kind = "application/vnd.in-toto+json"
    assert read["payloadType"] == kind
    signed = f"DSSEv1 {len(kind)} {kind} {len(body)} ".encode() + body
    key: Any = load_pem_public_key(public.read_bytes())
    key.verify(base64.b64decode(read["signatures"][0]["sig"]), signed)
    said = json.loads(body)
    assert said["_type"] == "https://in-toto.io/Statement/v1"
    subjects = {s["name"]: s["digest"]["sha256"] for s in said["subject"]}
    assert subjects[run.key] == hashlib.sha256(folder_store.place.read(run.key)).hexdigest()
    assert said["predicate"]["root"] == run.root
    assert ACCOUNT in run.accounts


@pytest.mark.parametrize("spec", ["ECC_NIST_P256", "ECC_NIST_P384", "RSA_2048"])
def test_a_key_in_kms_signs(
    folder_store: RunStore,
    tmp_path: Path,
    simulated: Callable[..., Simulator],
    spec: str,
) -> None:
    simulated("clean")
    client: Any = boto3.client("kms", region_name="eu-west-1")
    made_key = client.create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY")["KeyMetadata"]
    signs(folder_store, signer(SignKey(kms=made_key["Arn"])))
    add(folder_store, tmp_path, 1)
    keys = public_keys([f"kms:{made_key['Arn']}"])
    assert verify_store(folder_store.place, keys=keys).tampered == ()


@pytest.mark.parametrize("size", [4096, 4097])
def test_kms_gets_the_hash_of_what_is_too_long_for_it(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """The simulated KMS does not know MessageType DIGEST: a key of our own here, as the API reference has it."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

    key = ec.generate_private_key(ec.SECP256R1())
    asked: list[str] = []

    class Kms:
        def sign(self, **request: Any) -> dict[str, Any]:
            asked.append(request["MessageType"])
            raw = request["MessageType"] == "RAW"
            kind = hashes.SHA256() if raw else Prehashed(hashes.SHA256())
            return {"Signature": key.sign(request["Message"], ec.ECDSA(kind))}

    found = {"KeyId": "k", "SigningAlgorithms": ["ECDSA_SHA_256"]}
    monkeypatch.setattr("auditor.store.signing._kms_key", lambda key_id, profile: (Kms(), found))
    text = b"x" * size
    signature, _ = signer(SignKey(kms="k"))(text)
    assert PublicKey("k", key.public_key()).verifies(signature, text)
    assert asked == ["RAW" if size == 4096 else "DIGEST"]


def test_a_key_that_cannot_sign_is_found_before(tmp_path: Path, simulated: Callable[..., Simulator]) -> None:
    simulated("clean")
    client: Any = boto3.client("kms", region_name="eu-west-1")
    symmetric = client.create_key()["KeyMetadata"]["Arn"]
    with pytest.raises(ConfigError):
        signer(SignKey(kms=symmetric))
    (tmp_path / "text.pem").write_text("no key")
    for path in (tmp_path / "text.pem", tmp_path / "nothing.pem"):
        with pytest.raises(ConfigError, match="key"):
            signer(SignKey(path))
        with pytest.raises(ConfigError, match="key"):
            public_keys([str(path)])
