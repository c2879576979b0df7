"""What went wrong with a bucket, in a sentence that names the bucket and what to change; never a secret.

The client's own errors hold addresses, which may be signed, and XML: of them only the status and the code are kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.settings.places import Bucket, BucketSettings

_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>\s*(\w+)\s*</Code>")
_KEY = re.compile(r'[Pp]ath "((?:[^"\\]|\\.)*)"')
TO_READ = {
    "s3": "s3:ListBucket on the bucket and s3:GetObject on its objects (and kms:Decrypt, where a key encrypts them)",
    "gs": "the role Storage Object Viewer (storage.objects.list and storage.objects.get)",
    "az": "the role Storage Blob Data Reader, or a SAS with read and list",
}
"""The permission that reading a bucket needs, by its scheme."""
_TO_WRITE = {
    "s3": "s3:PutObject, s3:DeleteObject and s3:ListBucket for this prefix",
    "gs": "the role Storage Object User",
    "az": "the role Storage Blob Data Contributor",
}
CREDENTIALS = {
    "s3": "AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the attached role",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS, gcloud's login, or the attached service account",
    "az": "AZURE_STORAGE_ACCOUNT_KEY or another AZURE_… variable, or the managed identity",
}
"""Where credentials are looked for, by the scheme."""
_RENEW = {
    "s3": "Renew them (aws sso login, or another AWS_SESSION_TOKEN)",
    "gs": "Renew them (gcloud auth application-default login)",
    "az": "Renew them (az login, or another AZURE_STORAGE_SAS_TOKEN)",
}
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired"})
_CLOCK = frozenset({"RequestTimeTooSkewed"})
_UNKNOWN = frozenset({
    "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "AuthenticationFailed", "InvalidAuthenticationInfo",
    "NoAuthenticationInformation", "AuthenticationRequired", "AuthorizationFailure",
})  # fmt: skip
_REGION = frozenset({"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"})
_NO_BUCKET = frozenset({"NoSuchBucket", "ContainerNotFound"})
_THROTTLED = frozenset({"SlowDown", "ServerBusy", "TooManyRequests", "RequestLimitExceeded"})


class BucketError(Exception):
    """A bucket that could not be listed, or an object that could not be fetched; says what to do.

    `is_slow`: whether that took all the time there is for retries. `is_everywhere`: whether that is so of all its
    objects, as the service does not answer or asks for fewer requests.
    """

    def __init__(self, message: str, is_slow: bool = False, is_everywhere: bool = False) -> None:
        """Keep whether it took long, and whether others would."""
        super().__init__(message)
        self.is_slow, self.is_everywhere = is_slow, is_everywhere


class ChangedObjectError(BucketError):
    """An object that has been replaced since it was listed."""

    def __init__(self, bucket: Bucket, path: str) -> None:
        """Name it."""
        super().__init__(f"`{path}` of {bucket} was replaced while it was read; the next run ingests it")


def explained(
    error: Exception, bucket: Bucket, how: BucketSettings, action: str, path: str | None = None
) -> BucketError:
    """The error as a sentence; `action` is what could not be done: listed, fetched or written."""
    if isinstance(error, BucketError):
        return error
    text = str(error).split("\n\nDebug source", 1)[0]
    code = next(iter(_CODE.findall(text)), "")
    status = next(iter(_STATUS.findall(text)), "")
    what = f"{f'`{path}` of ' if path else ''}{bucket} could not be {action}"
    answer = " ".join(filter(None, (status, code)))
    for cause in [*_of_access(bucket, how, _TO_WRITE if action == "written" else TO_READ), *_of_service(bucket, how)]:
        if cause.is_of(status, code, text):
            is_slow = status[:1] not in ("3", "4") or status in ("408", "429")
            sentence = f"{what}: {cause.text}{f' ({answer})' if answer else ''}. {cause.remedy}"
            return BucketError(sentence, is_slow, cause.is_everywhere)
    plain = re.sub(r"\?\S*", "?…", text.splitlines()[0] if text else type(error).__name__)[:300]
    return BucketError(f"{what}: {plain}. Check {_table(bucket)} in scorecard.toml, and {CREDENTIALS[bucket.scheme]}")


def is_deleted(error: Exception) -> bool:
    """Whether an object is not there, and its bucket is."""
    return isinstance(error, FileNotFoundError) and _NO_BUCKET.isdisjoint(_CODE.findall(str(error)))


@dataclass(frozen=True)
class _Cause:
    """What happened and what to do; the code or status of the answer, or words of the client's, that show it."""

    text: str
    remedy: str
    codes: frozenset[str] = frozenset()
    statuses: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    is_everywhere: bool = False

    def is_of(self, status: str, code: str, text: str) -> bool:
        return code in self.codes or status.startswith(self.statuses) or any(word in text for word in self.words)


def _of_access(bucket: Bucket, how: BucketSettings, needed: Mapping[str, str]) -> list[_Cause]:
    """Causes of which the first that fits is meant, before those of `_of_service`."""
    kind, table = bucket.scheme, _table(bucket)
    public = f"or `anonymous = true` in {table} for a public bucket"
    payer = f"; or `requester_pays = true` in {table}, if its owner does not pay" if kind == "s3" else ""
    region = how.region or "the one of the environment"
    return [
        _Cause(
            "there are no credentials, or none that can be renewed",
            f"They come from {CREDENTIALS[kind]}: set them, {public}.",
            words=("token request", "169.254.169.254"),
        ),
        _Cause("the credentials have expired", f"{_RENEW[kind]} and run again.", _EXPIRED),
        _Cause(
            "this machine's clock differs from the server's by more than 15 minutes",
            "Set the clock (NTP) and run again.",
            _CLOCK,
        ),
        _Cause(
            f"it is in another region than {region}",
            f"Set `region` in {table} to the bucket's.",
            _REGION,
            ("301",),
            ("configured region",),
        ),
        _Cause(
            "there is no such bucket",
            f"Correct its address in scorecard.toml or, of a service that is not the vendor's, `endpoint` in {table}.",
            _NO_BUCKET,
            ("404",),
        ),
        _Cause(
            "the credentials are not accepted",
            f"They come from {CREDENTIALS[kind]}: correct them, {public}.",
            _UNKNOWN,
            ("401",),
        ),
        _Cause("no permission", f"Needed: {needed[kind]}{payer}.", statuses=("403",)),
    ]


def _of_service(bucket: Bucket, how: BucketSettings) -> list[_Cause]:
    table, retried = _table(bucket), f"also after {how.retry_seconds} s of retries"
    return [
        _Cause(
            f"the service asks for fewer requests, {retried}",
            f"Run again later, or raise `retry_seconds` in {table}.",
            _THROTTLED,
            ("429", "503"),
            is_everywhere=True,
        ),
        _Cause(f"the service fails, {retried}", "Run again later.", statuses=("5",)),
        _Cause(f"the answer broke off, {retried}", "Run again; what was fetched so far is kept.", words=("body",)),
        _Cause(
            f"{how.endpoint or 'the service'} does not answer, {retried}",
            f"Check the network, HTTPS_PROXY, and `endpoint` in {table}.",
            words=("HTTP error", "error sending request"),
            is_everywhere=True,
        ),
    ]


def _table(bucket: Bucket) -> str:
    return f'[buckets."{bucket.root}"]'


def unnameable(error: Exception, bucket: Bucket) -> str:
    """A folder cannot be listed because of an object's key, such as `exports//a.csv`."""
    key = next(iter(_KEY.findall(str(error))), "an object")
    return (
        f"a folder of {bucket} could not be listed: `{key}` is the key of an object and no path of a file. Rename it: "
        "no empty name between slashes, no `.`, `..` or control character"
    )
