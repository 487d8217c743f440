"""Signed JSON credentials: W3C Verifiable Credentials 2.0 with a Data Integrity proof, or as a JSON Web Token.

Ed25519 over canonical JSON (the cryptosuite ``eddsa-jcs-2022``): nothing has to be fetched to verify it, for the key
stands in the issuer's ``did:key``. That the signature holds says that this key signed; whose key it is, is for the
verifier to know (``issuer``).
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from commissure.certify.canonical import base58, canonical, did_key, from_base58, key_of_did
from commissure.errors import BadInput
from commissure.model import Finding, Severity

__all__ = ["check_proof", "issuer_of", "sign", "token"]

_SUITE = "eddsa-jcs-2022"


def issuer_of(seed: bytes) -> str:
    """The did:key of the key that ``seed`` (32 bytes) makes."""
    key = Ed25519PrivateKey.from_private_bytes(seed).public_key()
    return did_key(key.public_bytes(Encoding.Raw, PublicFormat.Raw))


def sign(document: Mapping[str, Any], seed: bytes, *, created: str) -> dict[str, Any]:
    """The document with a Data Integrity proof.

    Parameters
    ----------
    document : mapping
        A credential without ``proof``.
    seed : bytes
        The issuer's 32 secret bytes.
    created : str
        ISO 8601 instant of the signature; the same instant gives the same proof.

    References
    ----------
    W3C 2025, Data Integrity EdDSA Cryptosuites 1.0, https://www.w3.org/TR/vc-di-eddsa/.
    """
    issuer = issuer_of(seed)
    proof = {
        "type": "DataIntegrityProof",
        "cryptosuite": _SUITE,
        "created": created,
        "verificationMethod": f"{issuer}#{issuer.removeprefix('did:key:')}",
        "proofPurpose": "assertionMethod",
    }
    if "@context" in document:
        proof["@context"] = document["@context"]
    signature = Ed25519PrivateKey.from_private_bytes(seed).sign(_hashes(document, proof))
    return {**document, "proof": {**proof, "proofValue": f"z{base58(signature)}"}}


def _hashes(document: Mapping[str, Any], proof: Mapping[str, Any]) -> bytes:
    return (
        hashlib.sha256(canonical(dict(proof))).digest() + hashlib.sha256(canonical(dict(document))).digest()
    )


def check_proof(document: Mapping[str, Any], *, issuer: str = "") -> tuple[Finding, ...]:
    """Findings on the proof of a credential; empty if it holds.

    Parameters
    ----------
    document : mapping
        A credential with its ``proof``.
    issuer : str
        The did:key that must have signed; empty for the one that the credential names as its issuer.
    """
    proof = document.get("proof")
    if not isinstance(proof, Mapping):
        return (_wrong("proof.missing", "The credential has no proof."),)
    if proof.get("type") != "DataIntegrityProof" or proof.get("cryptosuite") != _SUITE:
        return (_wrong("proof.unknown", f"The proof must be a DataIntegrityProof of {_SUITE}."),)
    if proof.get("proofPurpose") != "assertionMethod":
        return (_wrong("proof.purpose", "The proof was not made to assert."),)
    method = str(proof.get("verificationMethod", ""))
    named = document.get("issuer")
    stated = str(named.get("id", "") if isinstance(named, Mapping) else named or "")
    if method.partition("#")[0] != (issuer or stated) or (stated and stated != method.partition("#")[0]):
        return (_wrong("proof.issuer", "The key that signed is not the issuer's."),)
    bare = {key: value for key, value in document.items() if key != "proof"}
    options = {key: value for key, value in proof.items() if key != "proofValue"}
    try:
        signature = from_base58(str(proof.get("proofValue", "")).removeprefix("z"))
        Ed25519PublicKey.from_public_bytes(key_of_did(method)).verify(signature, _hashes(bare, options))
    except (InvalidSignature, BadInput, ValueError):
        return (
            _wrong(
                "proof.signature",
                "The signature does not hold: the credential was changed, or not signed by this key.",
            ),
        )
    return ()


def _wrong(check: str, message: str) -> Finding:
    return Finding(
        f"badge.{check}", Severity.ERROR, message, remedy="Ask the issuing hub for the badge again."
    )


def token(document: Mapping[str, Any], seed: bytes) -> str:
    """The credential as a compact JSON Web Token (``EdDSA``), which JOSE libraries verify.

    Parameters
    ----------
    document : mapping
        A credential without ``proof``.
    seed : bytes
        The issuer's 32 secret bytes.

    References
    ----------
    W3C 2025, Securing Verifiable Credentials using JOSE and COSE, https://www.w3.org/TR/vc-jose-cose/.
    """
    issuer = issuer_of(seed)
    header = {
        "alg": "EdDSA",
        "typ": "vc+jwt",
        "cty": "vc",
        "kid": f"{issuer}#{issuer.removeprefix('did:key:')}",
    }
    parts = [_coded(json.dumps(header).encode()), _coded(canonical(dict(document)))]
    signature = Ed25519PrivateKey.from_private_bytes(seed).sign(".".join(parts).encode())
    return ".".join([*parts, _coded(signature)])


def _coded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
