"""The kind of a file by its first bytes. `plain` reads some of them."""

from __future__ import annotations

import re

_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x1f\x8b", "gzip"),
    (0, b"\x28\xb5\x2f\xfd", "zstd"),
    (0, b"PK\x03\x04", "zip"),
    (0, b"PK\x05\x06", "zip"),
    (0, b"PAR1", "parquet"),
    (0, b"PARE", "an encrypted Parquet file"),
    (0, b"SQLite format 3\x00", "sqlite"),
    (0, b"\x37\x7f\x06\x82", "sqlite log"),
    (0, b"\x37\x7f\x06\x83", "sqlite log"),
    (0, b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", "sqlite log"),
    (0, b"ORC", "an ORC file"),
    (0, b"Obj\x01", "an Avro file"),
    (0, b"ARROW1\x00", "an Arrow (Feather) file"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook (.xls), or another Office file"),
    (0, b"%PDF-", "a PDF document"),
    (0, b"{\\rtf", "an RTF document"),
    (0, b"BZh", "a bzip2 file"),
    (0, b"\xfd7zXZ\x00", "an xz file"),
    (0, b"\x04\x22\x4d\x18", "an LZ4 file"),
    (0, b"\xff\x06\x00\x00sNaPpY", "a Snappy file"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (0, b"Rar!\x1a\x07", "a RAR archive"),
    (0, b"\x89PNG\r\n", "a PNG picture"),
    (0, b"-----BEGIN PGP MESSAGE", "a file encrypted with PGP"),
    (
        4,
        b"\x28\xb5\x2f\xfd",
        "zstd messages with their lengths between, as OpenTelemetry's file exporter writes them unless "
        "its feature gate exporter.file.nativeCompression is on",
    ),
    (8, b"DUCK", "a DuckDB database"),
    (257, b"ustar", "a tar archive"),
)
_PAGE = re.compile(rb"(?is)\s*(<!--.*?-->\s*)?<(!doctype\s+html|html)\b")
_XML = re.compile(rb"(?is)\s*<\?xml\b|\s*<[A-Za-z][\w:.-]*[\s>]")
_CODE = re.compile(rb"(?is)<Code>\s*([^<]{1,80})</Code>")
_TITLE = re.compile(rb"(?is)<title>\s*([^<]{1,80}?)\s*</title>")


def kind_of(head: bytes) -> str | None:
    """The kind of a file that begins with `head`; None for rows of text and unknown kinds."""
    for place, signature, kind in _SIGNATURES:
        if head[place : place + len(signature)] == signature:
            return kind
    text = head.removeprefix(b"\xef\xbb\xbf")
    if _PAGE.match(text):
        return "an HTML page" + _quoted(_TITLE, text, "titled ")
    if _XML.match(text):
        return "an XML document" + _quoted(_CODE, text, "an error with the code ")
    return None


def _quoted(pattern: re.Pattern[bytes], text: bytes, what: str) -> str:
    found = pattern.search(text)
    return f" ({what}`{found[1].decode('utf-8', 'replace').strip()}`)" if found else ""
