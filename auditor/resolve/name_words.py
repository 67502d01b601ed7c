"""The words of a name, in SQL."""

from __future__ import annotations


def words(text: str) -> str:
    """SQL that splits a name into lower-case words on separators, digits and case changes.

    An acronym ends before a capitalised word of three letters or more (DSTeam, JSmith), so that MLOPs stays one word.
    Marks belong to their letter, or Indian scripts and decomposed accents would fall apart.
    """
    case = r"(\p{Ll})(\p{Lu})|(\p{Lu})(\p{Lu}\p{Ll}{2})"
    # Most names are of small letters, digits and marks of ASCII, where nothing is split.
    split = (
        f"case when {text} = lower({text}) and strlen({text}) = length({text}) then {text}"
        rf" else regexp_replace({text}, '{case}', '\1\3 \2\4', 'g') end"
    )
    return rf"regexp_extract_all(lower({split}), '[\p{{L}}\p{{M}}]+')"


def user_words(user: str) -> str:
    """SQL of the words of a user name, without a directory before it (ACME\\) and a domain after it (@acme.example)."""
    return words(_local_part(user))


def user_words_beside(name: str, name_words: str, user: str) -> str:
    """The same beside a name of which the words are known: a profile is often called as its user is."""
    return f"case when {_local_part(user)} = {name} then {name_words} else {user_words(user)} end"


def _local_part(user: str) -> str:
    return f"split_part(split_part({user}, '\\', -1), '@', 1)"
