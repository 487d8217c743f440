"""A small certificate authority for a network of sites: each site's certificate holds the key that it signs with.

References
----------
RFC 5280 (X.509), RFC 8410 (Ed25519 in X.509).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from commissure.errors import BadInput, NotPermitted
from commissure.federate.letters import Identity

__all__ = ["Authority", "Credentials", "check_certificate", "identity_of"]

Entropy = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Credentials:
    """A private key and its certificate, both in PEM."""

    key: bytes
    certificate: bytes

    def __repr__(self) -> str:
        return "Credentials(…)"


@dataclass(frozen=True, slots=True)
class Authority:
    """Who says which key is whose.

    Parameters
    ----------
    credentials : Credentials
        The authority's own.
    """

    credentials: Credentials

    @classmethod
    def make(cls, name: str, *, now: datetime, days: int, entropy: Entropy) -> "Authority":
        """A new authority that certifies itself."""
        key = Ed25519PrivateKey.from_private_bytes(entropy(32))
        builder = _builder(name, key, now=now, days=days, entropy=entropy).issuer_name(_name(name))
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
        builder = builder.add_extension(
            x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
        )
        certificate = builder.sign(key, None)
        return cls(Credentials(_private(key), certificate.public_bytes(Encoding.PEM)))

    def renew(self, credentials: Credentials, *, now: datetime, days: int, entropy: Entropy) -> Credentials:
        """A new certificate for the same key and names: plans that name the key stay valid.

        Raises
        ------
        NotPermitted
            If the old one is of another authority.
        """
        old = x509.load_pem_x509_certificate(credentials.certificate)
        own = x509.load_pem_x509_certificate(self.credentials.certificate)
        try:
            old.verify_directly_issued_by(own)
        except (ValueError, TypeError, InvalidSignature) as error:
            raise NotPermitted("The certificate to renew is not of this network's authority.") from error
        hosts: tuple[str, ...] = ()
        for extension in old.extensions:
            if isinstance(extension.value, x509.SubjectAlternativeName):
                hosts = tuple(str(name.value) for name in extension.value)
        who = identity_of(credentials)
        return self.issue(who.name, now=now, days=days, entropy=entropy, hosts=hosts, private=who.private)

    def issue(
        self,
        name: str,
        *,
        now: datetime,
        days: int,
        entropy: Entropy,
        hosts: tuple[str, ...] = (),
        private: bytes = b"",
    ) -> Credentials:
        """A key and certificate for a site, or with ``hosts`` (names, addresses) for a coordinator."""
        key = Ed25519PrivateKey.from_private_bytes(private or entropy(32))
        issuer = x509.load_pem_x509_certificate(self.credentials.certificate)
        signer = load_pem_private_key(self.credentials.key, None)
        use = ExtendedKeyUsageOID.SERVER_AUTH if hosts else ExtendedKeyUsageOID.CLIENT_AUTH
        builder = _builder(name, key, now=now, days=days, entropy=entropy).issuer_name(issuer.subject)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_usage(signs_certificates=False), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([use]), critical=False)
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())  # type: ignore[arg-type]
        builder = builder.add_extension(identifier, critical=False)
        if hosts:
            names = x509.SubjectAlternativeName([_host(host) for host in hosts])
            builder = builder.add_extension(names, critical=False)
        certificate = builder.sign(signer, None)  # type: ignore[arg-type]
        return Credentials(_private(key), certificate.public_bytes(Encoding.PEM))


def identity_of(credentials: Credentials) -> Identity:
    """The name and signing key of a certificate's owner.

    Raises
    ------
    BadInput
        If the key is not one of Ed25519, or the certificate names nobody.
    """
    key = load_pem_private_key(credentials.key, None)
    certificate = x509.load_pem_x509_certificate(credentials.certificate)
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    if not isinstance(key, Ed25519PrivateKey) or not names:
        raise BadInput("A site's key must be of Ed25519, and its certificate must name the site.")
    return Identity(str(names[0].value), key.private_bytes_raw())


def check_certificate(certificate: bytes, *, now: datetime) -> None:
    """Refuse a certificate that is not valid at ``now``.

    Raises
    ------
    NotPermitted
        If it has expired or is not valid yet.
    """
    found = x509.load_pem_x509_certificate(certificate)
    if now > found.not_valid_after_utc:
        raise NotPermitted(
            f"The certificate expired on {found.not_valid_after_utc:%Y-%m-%d}; ask the network's authority for a new one."
        )
    if now < found.not_valid_before_utc:
        raise NotPermitted(
            f"The certificate is not valid before {found.not_valid_before_utc:%Y-%m-%d}; look at the clock."
        )


def _builder(
    name: str, key: Ed25519PrivateKey, *, now: datetime, days: int, entropy: Entropy
) -> x509.CertificateBuilder:
    serial = int.from_bytes(entropy(16), "big") >> 1
    builder = x509.CertificateBuilder().subject_name(_name(name)).public_key(key.public_key())
    ends = now + timedelta(days=days)
    return (
        builder.serial_number(serial or 1)
        .not_valid_before(min(now, ends) - timedelta(minutes=5))
        .not_valid_after(ends)
    )


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=signs_certificates, crl_sign=signs_certificates,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _private(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
