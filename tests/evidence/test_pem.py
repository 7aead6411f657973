"""Encrypted private keys: other readers open them, and what is wrong with a file is told apart."""

import shutil
import subprocess

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from skyparley.evidence import pem
from skyparley.evidence.keys import from_seed

KEY = from_seed(bytes(range(32)))
LUCK = bytes(range(32, 64))
PASSPHRASE = "correct horse battery – ключ"
DATA = pem.dump(KEY, PASSPHRASE, LUCK, preamble="This is a backup.\nMove it.\n\n")


def encrypted(key, scheme=None) -> bytes:
    scheme = scheme or serialization.BestAvailableEncryption(PASSPHRASE.encode())
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, scheme)


def test_it_opens_again():
    assert pem.load(DATA, PASSPHRASE).private_bytes_raw() == bytes(range(32))
    assert DATA.startswith(b"This is a backup.\n")


def test_another_reader_opens_it():
    if shutil.which("openssl") is None:
        pytest.skip("no openssl command here")
    done = subprocess.run(
        ["openssl", "pkey", "-passin", f"pass:{PASSPHRASE}", "-outform", "DER"],
        input=DATA,
        capture_output=True,
        check=True,
    )
    assert done.stdout[-32:] == bytes(range(32))


def test_what_the_library_writes_opens_too():
    assert pem.load(encrypted(KEY), PASSPHRASE).private_bytes_raw() == bytes(range(32))


def test_other_luck_gives_another_file_and_the_same_key():
    other = pem.dump(KEY, PASSPHRASE, bytes(32))
    assert other != pem.dump(KEY, PASSPHRASE, LUCK)
    assert pem.load(other, PASSPHRASE).private_bytes_raw() == bytes(range(32))


def test_the_seed_is_not_in_the_clear():
    import base64

    body = b"".join(line for line in DATA.split(b"\n") if line and b"-" not in line and b"." not in line)
    assert bytes(range(8)) not in base64.b64decode(body)


@pytest.mark.parametrize("wrong", ["", "Correct horse battery – ключ", PASSPHRASE + " "])
def test_a_wrong_passphrase(wrong):
    with pytest.raises(pem.WrongPassphrase):
        pem.load(DATA, wrong)


def test_a_wrong_passphrase_that_leaves_good_padding():
    """One in 256 does; this one was found by trying (for this key, passphrase and luck)."""
    data = pem.dump(KEY, "correct horse", bytes(range(32)))
    with pytest.raises(pem.WrongPassphrase):
        pem.load(data, "280")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"-----END ENCRYPTED PRIVATE KEY----------BEGIN ENCRYPTED PRIVATE KEY-----",
        DATA[:-40],
        DATA.replace(b"MII", b"!!!").replace(b"MIG", b"!!!"),
        encrypted(KEY, serialization.NoEncryption()),
        encrypted(ec.generate_private_key(ec.SECP256R1())),
        DATA + b" " * pem.PEM_BYTES,
    ],
)
def test_what_is_no_key_of_ours(data):
    with pytest.raises(pem.BadPem):
        pem.load(data, PASSPHRASE)


@pytest.mark.parametrize(
    ("passphrase", "luck", "preamble"), [("", LUCK, ""), ("x", LUCK[1:], ""), ("x", LUCK, "-----")]
)
def test_what_dump_refuses(passphrase, luck, preamble):
    with pytest.raises(ValueError, match=r"empty|32 bytes|boundary"):
        pem.dump(KEY, passphrase, luck, preamble=preamble)
