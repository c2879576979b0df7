"""Texts are in plain English with the field's terms: none of the words below in the files named here.

Of a page with a head that is written from elsewhere, what is below the mark is checked.
"""

from __future__ import annotations

import re

import pytest

from pipelines.settings import PROJECT_ROOT

ADVICE = {
    r"t(ake|akes|aken|aking|ook) in(?= (a|an|the|once|what|new|file)\b|[.:,;])": "ingest",
    r"judg(e|es|ed|ing|ement|ements)": "validate, evaluate",
    r"at the door": "pre-load",
    r"refus(e|es|ed|ing|al|als)": "reject, rejection",
    r"spells?": "interval, episode; write",
    r"work-?lists?": "days to rebuild",
    r"viewed tables?": "external table",
    r"nobody's|of nobody|strangers?": "unmapped",
    r"made whole": "rebuilt in full",
    r"told|tells?|telling": "notified, reported, shown; distinguish",
    r"stretch(es)? of days": "date range",
    r"void(s|ed)?": "invalid",
    r"arms?": "variant",
    r"booked": "actual",
    r"hollow": "preliminary",
    r"grave": "P1/P2",
    r"anew": "again",
    r"so many": "N",
    r"whose|of whom": "which, that; unmapped",
    r"lest": "so that … not",
    r"mend(s|ed|ing)?": "fix",
    r"reckon(s|ed|ing)?": "compute",
    r"stands?|stood|standing": "is, remains; current; appears",
}
"""Word (a regular expression between word boundaries) → what to write."""
CLEAN = (
    "README.md",
    "bench/**/*.py",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CHANGELOG.md",
    "docs/**/*.md",
    "dbt_project/**/*.yml",
    "dbt_project/**/*.md",
    "dbt_project/**/*.sql",
    "tests/**/*.py",
    "dbt_project/seeds/*.csv",
    "docs/bi/**/*.yaml",
    "pipelines/c*.py",
    "pipelines/catalog/**/*.py",
    "pipelines/cli/*.py",
    "pipelines/connect/*.py",
    "pipelines/notify/*.py",
    "pipelines/estimates/**/*.py",
    "pipelines/orchestration/*.py",
    "pipelines/pulls/**/*.py",
    "pipelines/scorecard/*.py",
    "pipelines/scorecard/reviews/*.py",
    "pipelines/scorecard/assets/reviews/*.j2",
    "pipelines/scorecard/assets/templates/*.j2",
    "pipelines/settings/*.py",
    "pipelines/sources/**/*.py",
    "pipelines/warehouse/*.py",
    "pipelines/scenario/catalog/**/*.yaml",
)
"""The files that keep to it, as globs; to be widened by the cases' `expect.yml`, and by what `pyproject.toml` says.

Names in code, such as those of tests, are not checked: a word in them has no boundaries.
"""
NOT_YET = {
    "docs/quirks.md": "written from the cases",
    "dbt_project/models/staging/sources.yml": "written from the sources",
    "docs/statistics/truth.md": "written by a measurement",
    "tests/rules/test_words.py": "holds the words",
}
"""Files of these globs that are exempt → why."""
QUOTED = {
    "connection refused": "an operating system's message",
    ".tell()": "a method of files",
    '"told" in': "a column of an older outbox",
    "column told": "a column of an older outbox",
    '"standing": ': "a table of an older ledger",
    '"worklist": ': "a table of an older ledger",
    "'refused'": "a status of an older ledger",
    "booked benefits": "a format's title",
}
"""Phrases that may hold a word → why."""
HEAD = re.compile(r"\A.*Below: by hand\. -->", re.DOTALL)


def texts() -> list[str]:
    found = {path.relative_to(PROJECT_ROOT).as_posix() for glob in CLEAN for path in PROJECT_ROOT.glob(glob)}
    return sorted(found - set(NOT_YET))


@pytest.mark.parametrize("path", texts())
def test_a_text_uses_the_fields_terms(path: str) -> None:
    found = []
    text = HEAD.sub(lambda head: "\n" * head[0].count("\n"), (PROJECT_ROOT / path).read_text(encoding="utf-8"))
    for number, line in enumerate(text.splitlines(), start=1):
        prose = re.sub(r"`[^`]*`|^ *- \{.*|^ *- name:.*|^ *\(.*", "``", line.lower())
        for phrase in QUOTED:
            prose = prose.replace(phrase, "")
        found += [
            f"{number}: {match.group()} → {advice}"
            for word, advice in ADVICE.items()
            for match in re.finditer(rf"\b(?:{word})\b", prose)
        ]
    assert found == []
