"""Keys against the published vectors, and what may not stand as a key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyparley.base.ids import b64url, from_b64url
from skyparley.evidence import keys

P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P

RFC_8032 = [  # 7.1, tests 1 to 3: seed, public key, message, signature
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]


@pytest.mark.parametrize(("seed", "public", "message", "signature"), RFC_8032)
def test_rfc_8032(seed, public, message, signature):
    key = keys.from_seed(bytes.fromhex(seed))
    assert keys.public_bytes(key).hex() == public
    assert key.sign(bytes.fromhex(message)).hex() == signature
    assert keys.signature_holds(bytes.fromhex(public), bytes.fromhex(signature), bytes.fromhex(message))
    assert not keys.signature_holds(bytes.fromhex(public), bytes.fromhex(signature), bytes.fromhex(message) + b"x")


def test_rfc_8037_a_1_to_a_4():
    """The key and thumbprint of A.1 to A.3, and the signature of A.4 (whose header says EdDSA, which is not ours)."""
    key = keys.from_seed(from_b64url("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"))
    public = keys.public_bytes(key)
    assert b64url(public) == "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    assert keys.thumbprint(public) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    signing_input = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
    signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    assert b64url(key.sign(signing_input)) == signature


def test_small_order_keys_are_refused():
    """All points of order 1, 2, 4 and 8, found here by arithmetic on the curve, with both signs and above p."""
    # The order-8 points are those whose double has y = 0, and doubling gives y = (y^2 + x^2) / (1 - d x^2 y^2) up to
    # sign: x^2 = -y^2 on the curve -x^2 + y^2 = 1 + d x^2 y^2 leaves d y^4 + 2 y^2 - 1 = 0.
    order_8 = [y for y in _order_8_y() if (D * pow(y, 4, P) + 2 * y * y - 1) % P == 0]
    assert len(order_8) == 2
    for y in (0, 1, P - 1, *order_8):
        for sign in (0, 1 << 255):
            assert not keys.is_sound((y | sign).to_bytes(32, "little")), hex(y)
    for y in (P, P + 1, 2**255 - 1):
        assert not keys.is_sound(y.to_bytes(32, "little")), "a y that is not reduced"
    assert not keys.is_sound(bytes(31))
    assert keys.is_sound(bytes.fromhex(RFC_8032[0][1]))


def _order_8_y() -> list[int]:
    """The square roots of (sqrt(1 + d) - 1) / d for both roots of 1 + d."""
    found = []
    outer = _sqrt((1 + D) % P)
    for root in (outer, P - outer) if outer is not None else ():
        y = _sqrt((root - 1) * pow(D, -1, P) % P)
        found += [y, P - y] if y is not None else []
    return found


def _sqrt(square: int) -> int | None:
    """A square root modulo p = 5 mod 8, or None."""
    root = pow(square, (P + 3) // 8, P)
    if root * root % P != square:
        root = root * pow(2, (P - 1) // 4, P) % P
    return root if root * root % P == square else None


def test_under_a_small_order_key_one_signature_fits_every_text():
    """Why they are refused: with the neutral point as key, R = B and S = 1 verify for any text at all."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    neutral = (1).to_bytes(32, "little")
    base = bytes.fromhex("58" + "66" * 31)
    forged = base + (1).to_bytes(32, "little")
    for text in (b"I agree", b"I do not agree"):
        Ed25519PublicKey.from_public_bytes(neutral).verify(forged, text)
        assert not keys.signature_holds(neutral, forged, text)


def test_a_seed_is_32_bytes():
    with pytest.raises(ValueError, match="32 bytes, not 31"):
        keys.from_seed(bytes(31))


@given(
    st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32), st.sampled_from(["party", *keys.ROLES])
)
def test_a_kid_reads_back(party, role_key, role):
    party_id = keys.fingerprint(party)
    kid = keys.make_kid(party_id, role, role_key)
    assert keys.parse_kid(str(kid)) == kid
    assert kid.key_id == keys.thumbprint(role_key)[:11]


@pytest.mark.parametrize(
    "change",
    [
        lambda kid: kid.replace("/desk/", "/chief/"),
        lambda kid: kid.replace("/desk/", "//"),
        lambda kid: kid + "/",
        lambda kid: kid + "\n",
        lambda kid: kid[1:],
        lambda kid: kid[:-1],
        lambda kid: kid.replace("/", "."),
        lambda kid: kid[:42] + "_" + kid[43:],  # 43 letters, but no 32 bytes end so
        lambda kid: "",
    ],
)
def test_a_kid_in_another_form_is_refused(change):
    kid = str(keys.make_kid(keys.fingerprint(bytes(32)), "desk", bytes(32)))
    keys.parse_kid(kid)
    with pytest.raises(ValueError, match="a kid is"):
        keys.parse_kid(change(kid))
