"""Words that are formed as no person's name is: which they are, in which names they count, and that nobody is called a
thing for an initial, for a word of the company's names or for another script.

What a rule makes of such words is said once more here, apart from its regular expression.
"""

from __future__ import annotations

import itertools
import random
import re
from pathlib import Path

import pytest

from auditor.errors import RuleError
from auditor.evaluate import unlike_names
from auditor.evaluate.unlike_names import DOUBTFUL, FORMS, LONG, SHORTEST, UNLIKE, mark_unlike_names, runs
from auditor.model.rule import UnlikeNames
from auditor.store.connection import connect
from tests.evaluate.helpers import rules_of
from tests.evaluate.test_own_words import _rule, generic
from tests.rules.test_word_kinds import text

LETTERS = UnlikeNames(unlisted="w", beside="gh", unlike="u", doubtful="v", joined="l", own="oO", generic="gG")


def kinds(*names: str) -> dict[str, str]:
    """The letters of the words of names: ``g`` of ``admin`` and ``user``, else ``w``, as they are marked."""
    return told({word: "g" if word in ("admin", "user") else "w" for name in names for word in name.split("-")}, *names)


def told(letters: dict[str, str], *names: str) -> dict[str, str]:
    """What becomes of the letters of words, in these names; each word is a name if there are none."""
    con = connect()
    con.execute("create temp table kind_rows_user_profile (name_tokens VARCHAR[])")
    con.executemany("insert into kind_rows_user_profile values (?)", [[name.split("-")] for name in names or letters])
    con.execute("create temp table kind_words_0 (word VARCHAR, kind VARCHAR)")
    con.executemany("insert into kind_words_0 values (?, ?)", [list(item) for item in letters.items()])
    before = con.execute("show all tables").fetchall()
    mark_unlike_names(con, "kind_words_0", LETTERS, {"user_profile": ["name_tokens"]})
    assert con.execute("show all tables").fetchall() == before
    return dict(con.execute("select * from kind_words_0").fetchall())


@pytest.mark.parametrize(
    "word", ["taskflow", "storyboards", "callableapis", "hydropower", "webserverapp", "docuengine"]
)
def test_words_that_software_is_called_by_are_formed_as_no_name(word: str) -> None:
    assert kinds(f"{word}-admin") == {word: "u", "admin": "g"}


@pytest.mark.parametrize(
    "word",
    [
        # Given names and surnames, some of which are words as well; with an initial; two together; surname first.
        "alice", "jack", "karthik", "okonkwo", "xiuying", "nguyen", "woods", "king", "oyelaran", "siobhan",
        "jsmith", "mgarcia", "wzhang", "qlefebvre", "ksingh", "mariasilva", "johansson", "garciam",
    ],
)  # fmt: skip
def test_names_and_accounts_of_people_are_not(word: str) -> None:
    assert kinds(f"{word}-admin")[word] == "w"


def test_only_what_stands_beside_a_listed_word_is_asked_about() -> None:
    assert kinds("taskflow", "taskflow-storyboards") == {"taskflow": "w", "storyboards": "w"}
    assert kinds("taskflow", "storyboards-admin") == {"taskflow": "w", "storyboards": "u", "admin": "g"}


def test_short_words_may_be_initials_and_other_scripts_are_not_weighed() -> None:
    found = kinds(
        "kxq-admin", "jb-admin", "taskflów-admin", "задача-admin", "TaskFlow-admin", "task_flow-admin", "-admin"
    )
    assert {word: kind for word, kind in found.items() if kind != "w"} == {"admin": "g", "kxq": "v"}


def test_the_sums_are_those_of_the_file() -> None:
    """Words made by chance, and the longest that a name can be, against the definition of their runs."""
    names, weights, common = unlike_names._forms()
    known, plain = set(names.split("\n")), common.split("\n")
    weighed = {run: int(weight) for run, weight in (line.rsplit(" ", 1) for line in weights.split("\n"))}
    chance = random.Random(5)
    made = ["".join(chance.choices("aeionrstlkmy", k=chance.randint(1, 14))) for _ in range(600)]
    words = {*made, *chance.choices(plain, k=100), "banana", "aaaaaa", "x" * 63}

    def letter(word: str) -> str:
        if word in plain:
            return "u"
        if len(word) < SHORTEST or word in known or (len(word) > LONG and word[1:] in known):
            return "w"
        total = weighed[""] + sum(weighed.get(run, 0) for run in runs(word))
        return "u" if total < UNLIKE and len(word) >= LONG else "v" if total < DOUBTFUL else "w"

    expected = {word: letter(word) for word in words}
    assert kinds(*(f"{word}-user" for word in words)) == expected | {"user": "g"}
    assert all(list(expected.values()).count(kind) > 20 for kind in "uvw")


def test_few_words_are_weighed_as_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of few, only what of the file is about them is read."""
    names, weights, common = (part.split("\n") for part in unlike_names._forms())
    words = [
        *names[::4000], *(f"q{name}" for name in names[::5000]),
        *common[::3000], *(f"{word}x" for word in common[::3000]),
        *(run.partition(" ")[0].strip("^$") * 2 for run in weights[1::2000]),
    ]  # fmt: skip
    listed = [f"{word}-user" for word in words]
    few = kinds(*listed)
    asked = unlike_names._forms_of(words)
    assert all(0 < len(part) < len(whole) / 10 for part, whole in zip(asked, unlike_names._forms(), strict=True))
    monkeypatch.setattr(unlike_names, "_FEW", 0)
    assert kinds(*listed) == few
    assert {"u", "v", "w"} <= set(few.values())


def test_the_file_holds_names_and_weights_in_order() -> None:
    names, weights, words = (part.split("\n") for part in unlike_names._forms())
    assert names == sorted(set(names))
    assert all(re.fullmatch(f"[a-z]{{{SHORTEST},}}", name) for name in names)
    found = [line.rsplit(" ", 1)[0] for line in weights]
    assert found == sorted(set(found))
    assert found[0] == ""
    assert all(re.fullmatch(r"\^?[a-z]*\$?", run) and len(run) <= unlike_names.LONGEST_RUN for run in found)
    assert words == sorted(set(words))
    assert all(re.fullmatch(f"[a-z]{{{LONG},}}", word) for word in words)
    assert FORMS.stat().st_size < 350_000


def test_english_words_that_nobody_is_called_are_no_names() -> None:
    """Which the letters alone do not see. Words that people are called (``temple``) are none of them."""
    assert kinds("snooker-admin", "moisture-user", "kingfisher-admin") == {
        "snooker": "u", "moisture": "u", "kingfisher": "u", "admin": "g", "user": "g",
    }  # fmt: skip
    words = set(unlike_names._forms()[2].split("\n"))
    people = (
        "temple woods king bishop hazel rose baker smith garcia cohen li mehta grace faith joy amber crystal jsmith"
    )
    assert not words & set(people.split())


def test_a_word_that_ends_as_a_generic_one_does_is_one_where_it_is_far_from_any_name() -> None:
    found = told({"radiologylab": "l", "camilab": "l", "taskflowadmin": "l", "okonkwo": "l"})
    assert found == {"radiologylab": "g", "camilab": "l", "taskflowadmin": "g", "okonkwo": "l"}


def test_beside_a_listed_word_such_a_word_is_asked_about_as_others_are() -> None:
    found = told({"jafadmin": "l", "okonkwo": "l", "admin": "g"}, "jafadmin-admin", "okonkwo-admin")
    assert found == {"jafadmin": "u", "okonkwo": "l", "admin": "g"}


def test_a_word_of_the_companys_own_is_generic_where_nobody_is_called_so() -> None:
    """``schneider`` at Schneider may be somebody."""
    own = {"taskflow": "o", "storyboards": "O", "schneider": "o", "jsmith": "O", "snooker": "o", "kxq": "o"}
    assert told(own) == own | {"taskflow": "g", "storyboards": "G", "snooker": "g"}


def test_where_such_a_word_counts() -> None:
    """In names of profiles, and of Identity Center users. A doubtful word counts before the name of a thing, and beside
    two listed words."""
    things = {
        "taskflow-admin",
        "taskflow-sa",
        "storyboards-server",
        "admin-taskflow",
        "jinkies-user",
        "jinkies-ml-dev",
    }
    people = {
        "taskflow", "taskflow-k", "k-taskflow-admin", "taskflow-okonkwo-admin", "summer-taskflow", "alice-dev",
        "okonkwo-user", "karthik-sagemaker-profile", "jinkies-admin", "jinkies", "kxq-admin",
    }  # fmt: skip
    named = {"more_names": ["taskflow"]}
    for sso in (False, True):
        assert generic({"lab": [*things, *people]}, sso=sso, weighed=True) == things
        assert generic({"lab": ["taskflow-k", "taskflow-admin"]}, parameters=named, sso=sso, weighed=True) == set()


def test_what_the_rules_make_of_the_letters() -> None:
    """All texts of up to four letters of kinds, against the sentences: without such words it is as it was; an initial,
    an unlisted word or the lack of a listed one leaves a name a person's; and a doubtful word needs two listed ones,
    one that ends the name of a thing, or a number. A thing's word with a number is nobody's, alone or beside initials.
    A word of the company's own that may be a name counts as a generic one does, but alone and beside initials."""
    before = re.compile(
        "[^;]*n[^;]*|[^;t]*[iI][^;t]*|[^;tq]*(?:w|[wW][^;tq]*(?:[skiwghpe]|[wWsS][^;tq]*[A-Z]))|(?:[^;tq]*[sS])?[wW][A-Z]"
        "|[sSkKiIeE]*|[sSkKiI]*[pP][sSkKiI]*|[sSkKiI]+[hH][sSkKiI]*|[hH][sSkKiI]+"
    )
    for rule_id in ("STU101", "STU105"):
        sql = _rule(rule_id).require
        first, last = sql.index("[^;]*n[^;]*"), sql.rindex("|h[sSkKiI]+#")
        literals = sql[sql.rindex("'", 0, first) : sql.index("'", last) + 1]
        whole = "".join(re.findall("'([^']*)'", literals))
        pattern = re.compile(whole.removeprefix("(?:[^;]*;)?(?:").removesuffix(")(?:;[^;]*)?"))
        for length in range(1, 5):
            for letters in itertools.product("wWsSkiGghHpeEuvtqnoO"[: None if length < 4 else -2], repeat=length):
                name = "".join(letters)
                assert bool(pattern.fullmatch(name)) == _is_persons(name, before), (rule_id, name)
                assert bool(pattern.fullmatch(f"{name}#")) == _is_persons(name, before, numbered=True), (rule_id, name)
        assert pattern.fullmatch("#")


def _is_persons(name: str, before: re.Pattern[str], *, numbered: bool = False) -> bool:
    held = set(name)
    if numbered and (re.fullmatch("[sSkKeE]*E|H[sSkK]+", name)):
        return False
    if sum(map(name.count, "oO")) == 1 and held <= set("sSkKiIeEoO"):
        return True
    name = name.replace("o", "g").replace("O", "G")
    held = set(name)
    if not held & set("uv") or held & set("nit"):
        return before.fullmatch(name) is not None
    if "q" in held:
        return False
    listed = sum(letter in "gGhHpP" for letter in name)
    if held & set("sSkKwW") or not listed:
        return True
    return "v" in held and listed == 1 and not name[-1].isupper() and not numbered


def test_a_rule_needs_words_and_takes_what_another_says(tmp_path: Path) -> None:
    spec = {"unlisted": "s", "beside": "c", "unlike": "u", "doubtful": "v"}
    (rule,) = rules_of(tmp_path, text(unlike_names=spec))
    assert rule.unlike_names == UnlikeNames("s", "c", "u", "v")
    with pytest.raises(RuleError, match="generic must have a letter for each of own or joined"):
        rules_of(tmp_path, text(unlike_names=spec | {"own": "oO", "generic": "g"}))
    with pytest.raises(RuleError, match="unlike_names: needs the field word_kind"):
        rules_of(tmp_path, text(unlike_names=spec, word_kind=None, require="name <> ''"))
    for rule_id in ("STU105", "STU703"):
        assert _rule(rule_id).unlike_names == _rule("STU101").unlike_names is not None
