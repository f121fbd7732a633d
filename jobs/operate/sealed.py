"""A city's keys under a passphrase, so that a copy of the city can lie where not everybody may have its keys.

Scrypt (RFC 7914) makes a key of the passphrase, Fernet (AES-128-CBC and HMAC-SHA-256) seals with it.
"""

from __future__ import annotations

import base64
import json
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

LEAST_PASSPHRASE = 12
SALT_BYTES = 16
COST = 2**15  # some 32 MiB and a tenth of a second a try


class WrongPassphrase(ValueError):
    """Too short to seal with, or not the one it was sealed with."""


def seal(folder: Path, passphrase: str) -> bytes:
    """The folder's files in one sealed text. Raises WrongPassphrase."""
    if len(passphrase) < LEAST_PASSPHRASE:
        raise WrongPassphrase(
            f"a passphrase of {len(passphrase)} signs is soon tried out: take {LEAST_PASSPHRASE} or more"
        )
    files = {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()}
    salt = secrets.token_bytes(SALT_BYTES)
    return salt + Fernet(_key(passphrase, salt)).encrypt(json.dumps(files).encode())


def unseal(sealed: bytes, passphrase: str) -> dict[str, str]:
    """Name -> content of the files. Raises WrongPassphrase."""
    salt, token = sealed[:SALT_BYTES], sealed[SALT_BYTES:]
    try:
        return json.loads(Fernet(_key(passphrase, salt)).decrypt(token))
    except InvalidToken:
        raise WrongPassphrase(
            "this is not the passphrase that the keys were sealed with, or the sealed file is damaged"
        ) from None


def _key(passphrase: str, salt: bytes) -> bytes:
    return base64.urlsafe_b64encode(Scrypt(salt=salt, length=32, n=COST, r=8, p=1).derive(passphrase.encode()))
