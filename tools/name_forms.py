"""Write auditor/evaluate/name_forms.txt.gz: by which a word that no list has is told from a person's name.

Needs faker and scikit-learn, which nothing else here does, and five public lists:

- SURNAMES: the surnames of the US Census of 2010 that a hundred people or more have (Names_2010Census.csv of the Census
  Bureau: name, rank, count, …), in the public domain. People of most countries are among them.
- GIVEN: files of the Census of 1990 (dist.female.first, dist.male.first), in the public domain.
- WORLD: given names of WIPO's World Gender-Name Dictionary 2.0, one a line, of 195 countries. Its many misspellings are
  drawn from, and none is kept.
- PACKAGES: the names of PyPI's packages, one a line: words that things are called by.
- ENGLISH: the words of American and British English, one a line, of Debian's wamerican and wbritish. They come from
  SCOWL, which everybody may use (Copyright 2000-2011 Kevin Atkinson). What has a capital there is a name.

    python tools/name_forms.py SURNAMES PACKAGES ENGLISH WORLD GIVEN...

From the names, accounts of people are made up as directories form them; from the packages, words of things, alone and
two together. A logistic regression on their runs of one to five letters says which of the two a word looks like. Its
weights are written in tenths, those that are near nothing left out, with the names that the weights alone would doubt,
and the English words that they would not.
What is drawn is drawn from one seed. The regression stops before its end, wherever rounding has led it, so that another
run gives other weights of much the same worth (93 % of the words right, twice). None of the labelled names is read.
"""

from __future__ import annotations

import csv
import gzip
import importlib
import random
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from string import ascii_lowercase
from typing import Any

from auditor.evaluate.unlike_names import DOUBTFUL, FORMS, LONG, SHORTEST, UNLIKE, runs

#: Bearers from which a surname is a name behind an initial as well, and from which no thing of the lists is called by
#: the two. A surname alone is a name however few have it.
KNOWN, COMMON = 1_000, 2_500
#: Of given names, those that are drawn from the world's, and those that are made of syllables.
WORLD, SYLLABLES = 0.25, 0.08
#: Words of packages: the most frequent are all taken, of the others some.
FREQUENT, OTHERS = 60_000, 110_000
#: Words that are put together by twos, and how many such pairs are made.
JOINED, PAIRS = 6_000, 60_000
#: People for each thing, and words that a run of letters must be in.
PEOPLE, WORDS = 1.3, 20
#: Weights below this say nothing. All are written in parts of one.
NOTHING, PARTS = 0.2, 10
#: Syllables of Chinese and Korean given names, which are written together.
CHINESE = re.findall(
    "[a-z]+",
    """
    a ai an ang ao ba bai ban bao bei ben bi biao bin bing bo cai can cen chang chao chen cheng chi chong chu chuan
    chun cong cui da dai dan de deng di ding dong du duan duo en fan fang fei fen feng fu gang gao ge gen geng gong
    gu guan guang gui guo hai han hang hao he heng hong hou hu hua huai huan huang hui huo ji jia jian jiang jiao
    jie jin jing jiu ju juan jun kai kang ke kong kuan kun lai lan lang lei leng li lian liang lin ling liu long lu
    lun luo lv ma man mao mei meng mi miao min ming mo mu na nan ni nian ning pei peng pin ping pu qi qian qiang
    qiao qin qing qiong qiu qu quan qun ran ren rong ru rui run ruo sen shan shang shao shen sheng shi shu shuai
    shuang shui shun si song su sui sun tai tan tang tao teng ti tian ting tong tu wan wang wei wen wo wu xi xia
    xian xiang xiao xin xing xiong xiu xu xuan xue xun ya yan yang yao ye yi yin ying yong you yu yuan yue yun ze
    zeng zha zhan zhang zhao zhe zhen zheng zhi zhong zhou zhu zhuo zi zong zu
""",
)
KOREAN = re.findall(
    "[a-z]+",
    """
    ah bin byung chan chul dae dong eun gi gyu ha hae hee ho hoon hwa hwan hye hyeon hyo hyuk hyun in jae ji jin
    jong joo joon ju jun jung kang ki kwang kyu kyung mi min moon myung na nam rae ra ri rim sang seo seok seon
    seong seung shin si so soo sook sub suk sun sung tae u uk won woo woong yeon yeong yong yoo yoon young yu yun
""",
)
_WORD = re.compile("[a-z]{2,}")
_UNFOLDED = str.maketrans(
    {"ø": "o", "æ": "ae", "ß": "ss", "ł": "l", "đ": "d", "ı": "i", "ð": "d", "þ": "th", "œ": "oe"}
)


#: Cyrillic and Greek, as passports write them.
_LATIN = str.maketrans({
    "а": "a", "б": "b", "в": "v", "г": "g", "ґ": "g", "д": "d", "е": "e", "є": "ie", "ж": "zh", "з": "z", "и": "i",
    "і": "i", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u",
    "ф": "f", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю":
    "yu", "я": "ya", "ђ": "dj", "ј": "j", "љ": "lj", "њ": "nj", "ћ": "c", "џ": "dz", "α": "a", "β": "v", "γ": "g",
    "δ": "d", "ε": "e", "ζ": "z", "η": "i", "θ": "th", "ι": "i", "κ": "k", "λ": "l", "μ": "m", "ν": "n", "ξ": "x",
    "ο": "o", "π": "p", "ρ": "r", "σ": "s", "ς": "s", "τ": "t", "υ": "y", "φ": "f", "χ": "ch", "ψ": "ps", "ω": "o",
})  # fmt: skip


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.lower().translate(_UNFOLDED))
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).translate(_LATIN)


def _of_faker() -> tuple[set[str], set[str]]:
    """The given names and the surnames of all locales that write in Latin, Cyrillic or Greek letters."""
    from faker.config import AVAILABLE_LOCALES

    given, surnames = set[str](), set[str]()
    for locale in sorted(AVAILABLE_LOCALES):
        try:
            provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
        except ModuleNotFoundError:
            continue
        for name in dir(provider):
            value = getattr(provider, name)
            kind = given if "first" in name else surnames if "last" in name else None
            if kind is None or not isinstance(value, (tuple, list, dict)) or re.search("format|prefix|suffix", name):
                continue
            texts = (word for text in value if isinstance(text, str) for word in re.split(r"[\s\-'’]+", _folded(text)))
            kind.update(word for word in texts if _WORD.fullmatch(word))
    return given, surnames


class Names:
    """The names that there are, and words made of them. ``bearers``: of each surname of the census."""

    def __init__(self, bearers: dict[str, int], given: set[str], world: Sequence[str]) -> None:
        of_faker, surnames = _of_faker()
        self.bearers, self.world, self.chance = bearers, world, random.Random(1)  # noqa: S311
        self.given = sorted(given | of_faker)
        self.others = sorted(surnames)
        self.listed = sorted(bearers)
        self.shares = [bearers[name] ** 0.5 for name in self.listed]
        self.known = {*self.given, *self.others, *(n for n, count in bearers.items() if count >= KNOWN)}
        self.common = {*self.others, *(n for n, count in bearers.items() if count >= COMMON)}
        self.all = {*self.known, *bearers}

    def people(self, number: int) -> Iterator[str]:
        """Accounts of people, in the forms of directories."""
        chance, letters = self.chance, [name[0] for name in self.given]
        frequent = chance.choices(self.listed, self.shares, k=number)
        for name in frequent:
            given, second = self._given(), self._given()
            surname = chance.choice(
                (name, chance.choice(self.others), chance.choice(self.others), chance.choice(self.listed))
            )
            forms = (
                (22, given), (25, surname), (25, given[0] + surname), (8, surname + given[0]), (8, given + surname),
                (2, given[:2] + surname), (2, given[0] + second[0] + surname), (2, surname[:6] + given[0]),
                (2, given + surname[0]), (2, surname + given), (2, surname[: chance.randint(4, 7)] + given[:2]),
                (2, chance.choice(letters) + chance.choice((chance.choice(letters), "")) + surname[0]),
            )  # fmt: skip
            (word,) = chance.choices([form for _, form in forms], [share for share, _ in forms])
            if len(word) >= SHORTEST:
                yield word

    def _given(self) -> str:
        drawn = self.chance.random()
        if drawn < WORLD:
            return self.chance.choice(self.world)
        if drawn < WORLD + SYLLABLES:
            syllables = self.chance.choices((CHINESE, KOREAN), (3, 2))[0]
            return self.chance.choice(syllables) + self.chance.choice(syllables)
        return self.chance.choice(self.given)

    def is_like(self, word: str) -> bool:
        """Whether a thing is called as people's accounts are."""
        if word in self.known or (len(word) > 4 and word[1:] in self.common):
            return True
        return len(word) > 5 and self.bearers.get(word[:-1], 0) >= 2 * COMMON

    def things(self, packages: Sequence[str]) -> Iterator[str]:
        """Words of packages, and two of the most frequent together, but for what people are called by."""
        counts = Counter(word for name in packages for word in set(re.findall("[a-z]+", name.lower())))
        words = sorted(counts, key=lambda word: (-counts[word], word))
        some = [word for word in words[FREQUENT:] if self._is_thing(word)]
        yield from (word for word in words[:FREQUENT] if self._is_thing(word))
        yield from self.chance.sample(some, min(OTHERS, len(some)))
        joined = [word for word in words[:JOINED] if 3 <= len(word) <= 9 and word not in self.known]
        shares = [counts[word] ** 0.4 for word in joined]
        pairs = zip(*(self.chance.choices(joined, shares, k=PAIRS) for _ in range(2)), strict=True)
        yield from (word for word in map("".join, pairs) if not self.is_like(word))

    def _is_thing(self, word: str) -> bool:
        if not SHORTEST <= len(word) <= 20 or self.is_like(word):
            return False
        return word not in self.all or self.chance.random() < 0.3


def _weights(people: Sequence[str], things: Sequence[str]) -> dict[str, int]:
    """Run of letters → its weight in tenths, positive for people's; that of the empty run is added to every word."""
    import numpy
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression

    def fitted(**chosen: Any) -> tuple[Sequence[str], Any]:
        counted = CountVectorizer(analyzer=runs, binary=True, dtype=numpy.float32, **chosen)
        table = counted.fit_transform([*people, *things])
        truth = numpy.r_[numpy.ones(len(people)), numpy.zeros(len(things))]
        model = LogisticRegression(C=0.3, max_iter=100).fit(table, truth)
        print(f"{table.shape[1]} runs, right on {model.score(table, truth):.4f}")
        return counted.get_feature_names_out().tolist(), model

    names, model = fitted(min_df=WORDS)
    telling = [name for name, weight in zip(names, model.coef_[0], strict=True) if abs(weight) >= NOTHING]
    names, model = fitted(vocabulary=telling)
    found = {"": model.intercept_[0], **dict(zip(names, model.coef_[0], strict=True))}
    return {name: tenths for name, weight in found.items() if (tenths := round(weight * PARTS)) or not name}


def common_words(lines: Sequence[str], names: Names) -> list[str]:
    """The English words that nobody is called, of ``LONG`` letters or more. A name that few have and that is a word
    (``kingfisher``) counts as the word; one that the world's lists have does not."""
    capital, world = {line.lower() for line in lines if line[:1].isupper()}, set(names.world)
    words = {line for line in lines if len(line) >= LONG and _WORD.fullmatch(line)}
    return sorted(word for word in words - capital - world if not names.is_like(word))


def main(arguments: Sequence[str]) -> None:
    surnames, packages, english, world, *given = map(Path, arguments)
    with surnames.open(encoding="utf-8", newline="") as file:
        rows = {row["name"].lower(): int(row["count"]) for row in csv.DictReader(file)}
    bearers = {name: count for name, count in rows.items() if _WORD.fullmatch(name) and name != "all other names"}
    first = {line.split()[0].lower() for path in given for line in path.read_text().splitlines()}
    names = Names(bearers, first, world.read_text(encoding="utf-8").split())
    things = list(names.things(packages.read_text(encoding="utf-8").splitlines()))
    people = list(names.people(int(len(things) * PEOPLE)))
    print(f"{len(people)} people, {len(things)} things")
    weights = _weights(people, things)

    def total(word: str) -> int:
        return weights[""] + sum(weights.get(run, 0) for run in runs(word))

    common = common_words(english.read_text(encoding="utf-8").splitlines(), names)

    kept = [
        name for name in sorted(names.all)
        if len(name) >= SHORTEST
        and any(total(initial + name) < DOUBTFUL for initial in ("", *(ascii_lowercase if name in names.known else "")))
    ]  # fmt: skip
    seen = [word for word in common if total(word) >= UNLIKE]
    lines = [*kept, "", *(f"{run} {weight}" for run, weight in sorted(weights.items())), "", *seen]
    FORMS.write_bytes(gzip.compress("\n".join(lines).encode(), 9, mtime=0))
    print(f"{len(kept)} names, {len(weights)} weights, {len(seen)} words, {FORMS.stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
