"""Debit or credit: what a ledger's indicator beside an unsigned amount says. Which side is a cost, the source knows."""

from __future__ import annotations

DEBIT = (
    *("d", "dr", "db", "dt", "dbit", "debit", "debits"),
    *("s", "soll", "débit", "debet", "af", "debe", "débito", "debito", "cargo", "dare", "addebito"),
    *("wn", "winien", "md", "má dáti", "má dať", "tartozik", "borç", "debetas", "debets", "deebet", "дт", "дебет"),
    *("χρέωση", "借方", "借", "차변"),
)
"""How exports say debit, in lower case: English, then by language."""
CREDIT = (
    *("c", "cr", "ct", "crdt", "credit", "credits"),
    *("h", "haben", "crédit", "k", "kredit", "bij", "haber", "crédito", "credito", "abono", "avere", "accredito"),
    *("ma", "dal", "követel", "alacak", "kreditas", "kredīts", "kreedit", "кт", "кредит"),
    *("πίστωση", "貸方", "贷方", "贷", "대변"),
)
"""How they say credit. `a` is not among them: it is Italian for credit (`avere`) and Dutch for debit (`af`)."""


def _listed(texts: tuple[str, ...]) -> str:
    return "(" + ", ".join(f"'{text}'" for text in texts) + ")"


def signed(amount: str, indicator: str, negative: str) -> str:
    """SQL of the text of `amount`, made negative where `indicator` is of the side `negative` (`debit` or `credit`).

    Without an indicator the amount keeps its own sign. One that is not known makes it text that is no number, so that
    the row is quarantined with it. `d` is a credit (Czech `dal`) in a file with `md` (`má dáti`), and `a` is one
    (Italian `avere`) in a file with `d` (`dare`): evaluate it over all rows of a file.
    """
    written = f"rtrim(lower(trim({indicator})), '.')"
    has_md, has_d = (f"bool_or({written} = '{other}') over ()" for other in ("md", "d"))
    side = f"""case
            when {written} = 'd' and {has_md} then 'credit'
            when {written} = 'a' and {has_d} and not {has_md} then 'credit'
            when {written} in {_listed(DEBIT)} then 'debit'
            when {written} in {_listed(CREDIT)} then 'credit'
        end"""
    return f"""case
            when coalesce({written}, '') = '' or not regexp_matches({amount}, '[0-9]') then {amount}
            when {side} = '{negative}' then '-' || regexp_replace({amount}, '[-−()]', '', 'g')
            when {side} is not null then {amount}
            else {amount} || ' beside the unknown debit/credit indicator ' || trim({indicator})
        end"""
