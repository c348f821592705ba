"""How a record's value lies in an item of DynamoDB, small enough for one write unit (1 KiB) if it can be.

`value` (S): the JSON, if it is small; else `packed` (B): the JSON compressed by zlib, with the dictionary of
`record_dictionary.py` or without.
"""

import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from functions.shared.aws.record_dictionary import RECORD_DICTIONARY

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

PLAIN_BYTES_LIMIT = 600  # smaller values fit one write unit anyway, and can be read in the console


def content_of(text: str, has_dictionary: bool) -> dict[str, "AttributeValueTypeDef"]:
    """The attributes of that JSON, which is ASCII."""
    if len(text) <= PLAIN_BYTES_LIMIT:
        return {"value": {"S": text}}
    if has_dictionary:
        packing = zlib.compressobj(zlib.Z_BEST_COMPRESSION, zdict=RECORD_DICTIONARY)
    else:
        packing = zlib.compressobj(zlib.Z_BEST_COMPRESSION)
    return {"packed": {"B": packing.compress(text.encode()) + packing.flush()}}


def text_of(item: Mapping[str, Any]) -> str:
    """The JSON in it. Raises KeyError without a value, ValueError for one that cannot be unpacked."""
    packed = item.get("packed", {}).get("B")
    if packed is None:
        return str(item["value"]["S"])
    unpacking = zlib.decompressobj(zdict=RECORD_DICTIONARY)
    try:
        content = unpacking.decompress(bytes(packed))
    except zlib.error as error:
        raise ValueError(str(error)) from error
    if not unpacking.eof:
        raise ValueError("the packed value is cut short")
    return content.decode()
