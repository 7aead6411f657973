"""One private key, Ed25519 or X25519, as an encrypted PKCS#8 PEM text, readable by OpenSSL and by `cryptography`.

PBES2 with scrypt and AES-256-CBC.  The library's own writer would use PBKDF2 with 2,048 rounds, which a guesser of
human passphrases finds cheap, and would draw its salt inside; here the salt is an argument, so that luck comes through
the door.
Source: RFC 5958 3 (EncryptedPrivateKeyInfo), RFC 8018 6.2 (PBES2), RFC 7914 7 (scrypt in PBES2), RFC 7468 11.
"""

import base64
import textwrap
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import padding, serialization
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from skyparley.evidence.keys import PrivateKey
from skyparley.evidence.seal_keys import SealKey

# scrypt costs: 16 MiB and some 50 ms a key.  `openssl pkcs8 -scrypt` writes the same, and its reader takes few more.
SCRYPT_N: Final = 2**14
SCRYPT_R: Final = 8
SCRYPT_P: Final = 1
SALT_BYTES: Final = 16
IV_BYTES: Final = 16
PEM_BYTES: Final = 16 * 1024  # what `load` looks at: a key takes under 1 kB, with the text around a backup under 3 kB

_OID_PBES2: Final = bytes.fromhex("06092a864886f70d01050d")
_OID_SCRYPT: Final = bytes.fromhex("06092b06010401da47040b")
_OID_AES_256_CBC: Final = bytes.fromhex("060960864801650304012a")
_BEGIN: Final = "-----BEGIN ENCRYPTED PRIVATE KEY-----"
_END: Final = "-----END ENCRYPTED PRIVATE KEY-----"


class BadPem(ValueError):
    """Not an encrypted PKCS#8 key, or one of another kind than is wanted."""


class WrongPassphrase(ValueError):
    """The key is well formed and this passphrase does not open it."""


def dump(key: PrivateKey | SealKey, passphrase: str, luck: bytes, *, preamble: str = "") -> bytes:
    """The PEM bytes of a key.  `luck` is salt and IV: 32 fresh random bytes for every file.

    `preamble` is text for people in front of the key, which readers pass over (RFC 7468 2).
    """
    if len(luck) != SALT_BYTES + IV_BYTES:
        raise ValueError(f"luck is {SALT_BYTES + IV_BYTES} bytes, salt and IV")
    if not passphrase:
        raise ValueError("an empty passphrase protects nothing")
    if "-----" in preamble:
        raise ValueError("the preamble must not look like a PEM boundary")
    salt, iv = luck[:SALT_BYTES], luck[SALT_BYTES:]
    plain = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    padder = padding.PKCS7(128).padder()
    secret = Scrypt(salt=salt, length=32, n=SCRYPT_N, r=SCRYPT_R, p=SCRYPT_P).derive(passphrase.encode())
    cipher = Cipher(algorithms.AES(secret), modes.CBC(iv)).encryptor()
    sealed = cipher.update(padder.update(plain) + padder.finalize()) + cipher.finalize()
    costs = _octets(salt) + _integer(SCRYPT_N) + _integer(SCRYPT_R) + _integer(SCRYPT_P)
    scheme = _sequence(_OID_SCRYPT, _sequence(costs)) + _sequence(_OID_AES_256_CBC, _octets(iv))
    der = _sequence(_sequence(_OID_PBES2, _sequence(scheme)), _octets(sealed))
    body = "\n".join(textwrap.wrap(base64.b64encode(der).decode("ascii"), 64))
    return f"{preamble}{_BEGIN}\n{body}\n{_END}\n".encode()


def load(data: bytes, passphrase: str) -> PrivateKey:
    """The Ed25519 key in PEM bytes.  Raises as `load_any`, and BadPem for an X25519 key."""
    key = load_any(data, passphrase)
    if not isinstance(key, PrivateKey):
        raise BadPem("the key is not an Ed25519 key")
    return key


def load_seal(data: bytes, passphrase: str) -> SealKey:
    """The X25519 key in PEM bytes.  Raises as `load_any`, and BadPem for an Ed25519 key."""
    key = load_any(data, passphrase)
    if not isinstance(key, SealKey):
        raise BadPem("the key is not an X25519 key")
    return key


def load_any(data: bytes, passphrase: str) -> PrivateKey | SealKey:
    """The key in PEM bytes, whichever PKCS#8 encryption wrote them.

    Raises BadPem (too large, no such text in it, not encrypted, or another kind of key) or WrongPassphrase.
    """
    if len(data) > PEM_BYTES:
        raise BadPem(f"{len(data)} bytes; a key file takes at most {PEM_BYTES}")
    begin, end = data.find(_BEGIN.encode()), data.find(_END.encode())
    if begin < 0 or end < begin:
        raise BadPem("there is no whole ENCRYPTED PRIVATE KEY in it")
    try:
        key = serialization.load_pem_private_key(data[begin : end + len(_END)] + b"\n", passphrase.encode())
    except ValueError as error:
        if "PEM" in str(error):
            raise BadPem(f"the key cannot be read: {error}") from None
        # One wrong passphrase in 256 leaves padding that looks right, and only what is inside gives it away.
        raise WrongPassphrase("the passphrase does not open this key (or its file is damaged)") from None
    except TypeError:
        raise WrongPassphrase("an empty passphrase does not open this key") from None
    except UnsupportedAlgorithm as error:
        raise BadPem(f"the key is encrypted in a way that is not supported: {error}") from None
    if not isinstance(key, PrivateKey | SealKey):
        raise BadPem("the key is not an Ed25519 key, nor an X25519 key")
    return key


def _der(tag: int, content: bytes) -> bytes:
    """One DER element with a definite length of at most two octets.  Source: X.690 8.1.3."""
    size = len(content)
    assert size < 1 << 16, "nothing in a key file is that long"
    if size < 128:
        length = bytes([size])
    elif size < 256:
        length = bytes([0x81, size])
    else:
        length = bytes([0x82]) + size.to_bytes(2, "big")
    return bytes([tag]) + length + content


def _sequence(*parts: bytes) -> bytes:
    return _der(0x30, b"".join(parts))


def _octets(content: bytes) -> bytes:
    return _der(0x04, content)


def _integer(value: int) -> bytes:
    """A positive INTEGER; the leading zero bit says that it is positive.  Source: X.690 8.3."""
    return _der(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))
