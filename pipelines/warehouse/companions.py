"""The files that clouds and desktops write beside an export: manifests, markers, checksums, templates.

They hold no rows, so they are ignored. If a name could be an export's too, the content decides.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

LEFT_BEHIND = re.compile(
    r"""(?xi)
    _success | _committed_.* | _started_.* | _temporary | \.ds_store | thumbs\.db | desktop\.ini | \._.*
    | .*\.(crc|md5|sha1|sha256|sha512|checksum|checksums|sig|asc)(\.txt)?
    | (md5|sha1|sha256|sha512)sums?(\.txt)? | checksums?(\.txt)?
    | .*\.(db|sqlite3?)-shm                            # SQLite's index of a log, of use to its own machine alone
    | .*\.(sql|ddl) | .*\.(yml|yaml)                 # AWS: create-table.sql, crawler-cfn.yml
    | aws-programmatic-access-test-object             # AWS writes it to a bucket to see that it may
    | [0-9]+_[0-9]{4}-[0-9]{2}-[0-9]{2}_[0-9]+_complete  # Amplitude: an hour's files are all there
    | amazon-bedrock-logs-permission-check            # likewise, for Bedrock's log
    | [0-9a-f]{8}-[0-9a-f-]{27}_(input|output)\.json(\.gz)?  # Bedrock: what a call of more than 100 KB said
    | deprecation_notice\.txt                          # Langfuse: beside exports of its old tables
    """
)
"""Names that no export has."""
FOLDERS = ("cost_and_usage_data_status", "__MACOSX")
"""Folders of nothing else: AWS's own table of what it has delivered, macOS's resource forks."""
ABOUT = re.compile(r"(?i)(readme|licen[cs]e|changelog)(\.(md|txt|rst|markdown))?")
"""Names of texts about an export; where a source reads texts, one of these is a text like any other."""
MANIFEST = re.compile(r"(?i)(.*[-_.])?manifest(\.json|\.csv)?|.*\.manifest")
MANIFEST_KEYS = {
    # AWS CUR · AWS Data Exports · Azure Cost Management · Redshift UNLOAD and S3 Inventory · others
    "assemblyId", "reportKeys", "reportId",
    "executionId", "dataFiles", "exportArn", "exportName",
    "manifestVersion", "blobs", "exportConfig", "deliveryConfig", "runInfo",
    "entries", "fileSchema", "sourceBucket",
    "files",
}  # fmt: skip
READ_AT_MOST = 4 * 2**20


def is_companion(path: Path, absolute: Path, reads_texts: bool = False) -> bool:
    """Whether a file is a companion of an export, without rows.

    `path` is relative to the landing folder, `reads_texts` whether the source reads texts as rows.
    """
    if LEFT_BEHIND.fullmatch(path.name) or any(part in FOLDERS for part in path.parts[:-1]):
        return True
    if ABOUT.fullmatch(path.name):
        return not (reads_texts and path.suffix)
    # Langfuse names a manifest by its time, in a folder of manifests.
    is_named = MANIFEST.fullmatch(path.name) is not None or path.parent.name == "manifests"
    return is_named and _reads_as_manifest(absolute)


def _reads_as_manifest(absolute: Path) -> bool:
    try:
        if absolute.stat().st_size > READ_AT_MOST:
            return False
        found = json.loads(absolute.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and bool(MANIFEST_KEYS & found.keys())
