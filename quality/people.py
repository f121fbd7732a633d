"""Resident IDs, mobile numbers and names: what is mended in them, and what an ID says of its holder."""

from __future__ import annotations

from quality.text import UNSEEN, dense, let, quote, tidy

ID_FORM = r"[1-9]\d{16}[\dX]"
MOBILE_FORM = r"1[3-9]\d{9}"
SPACED_NAME = (
    "[\\p{Han}][ 　]+[\\p{Han}]"  # a space between two characters of a Chinese name, put there to align a column
)
DOTS = "[•・．.‧∙]"  # typed for the · within a name
NO_NAME = "[0-9０-９()（）\\[\\]【】?？*＊某□〓…/、，;；:：\ufffd\ue000-\uf8ff\u0080-\u00b6\u00b8-\u00bf\u00d7\u00f7]"
TITLES = "(先生|女士|同志|小姐)$"
NO_PERSON = "(?i)test\\d*|asdf|测试\\d*|同上|上同"
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
LONGEST_HAN = 4  # signs: a double surname and two more
_GAP, _PARTED = r"([\p{Han}]) ([\p{Han}])", r"[\p{Han}]+ [\p{Han}]+"
_DOTTED = f"([\\p{{Han}}]){DOTS}([\\p{{Han}}])"
_SEXED = r"[\p{Han}·]{2}[\s　]+[男女]\s*$"  # another column's cell behind the name
_TITLED = f"^([\\p{{Han}}·]{{2,}}){TITLES}"
_LIKE_LETTERS, _LIKE_DIGITS = "OQILSZB|", "00115281"


def matching(text: str, pattern: str) -> str:
    return f"CASE WHEN regexp_full_match({text}, {quote(pattern)}) THEN {text} END"


def resident_id(text: str) -> str:
    """An 18-digit ID without its spaces, dashes and lower case; one of 15 digits with its century and check digit; a letter
    for a digit, or another sign for the last X, where the check digit proves it."""
    whole = f"upper(regexp_replace({dense(text)}, '[-_]', '', 'g'))"
    odd_x = matching("regexp_replace(u, '[×ΧХ✕*]$', 'X')", ID_FORM)
    digits = f"translate(substr(u, 1, 17), {quote(_LIKE_LETTERS)}, {quote(_LIKE_DIGITS)}) || translate(substr(u, 18), 'OIL|', '0111')"
    proven = f"CASE WHEN regexp_full_match(p, {quote(ID_FORM)}) THEN CASE WHEN substr(p, 18, 1) = {check_digit('p')} THEN p END END"
    ways = [matching("u", ID_FORM), _proven(odd_x), upgraded("u"), let(digits, "p", proven)]
    return let(whole, "u", f"coalesce({', '.join(ways)})")


def _proven(candidate: str) -> str:
    return let(candidate, "x", f"CASE WHEN substr(x, 18, 1) = {check_digit('x')} THEN x END")


def check_digit(value: str) -> str:
    """GB 11643-1999: the check character of an 18-digit resident ID from its first 17 digits."""
    total = " + ".join(f"substr({value}, {i}, 1)::INT * {weight}" for i, weight in enumerate(_ID_WEIGHTS, 1))
    return f"substr('10X98765432', ({total}) % 11 + 1, 1)"


def upgraded(text: str) -> str:
    """A 15-digit ID of before 1999 in its 18-digit form; NULL when its birth date does not exist."""
    longer = f"(substr({text}, 1, 6) || '19' || substr({text}, 7, 9))"
    dated = f"try_strptime(substr({longer}, 7, 8), '%Y%m%d') IS NOT NULL"
    return (
        f"CASE WHEN regexp_full_match({text}, '[1-9]\\d{{14}}') AND {dated} THEN {longer} || {check_digit(longer)} END"
    )


def mobile(text: str) -> str:
    """One mobile number without country code, brackets, dashes, a leading 0, a decimal .0, or a note that holds no digit."""
    called = "^(手机号码?|手机|联系电话|移动电话|电话)[::]?"
    noted = f"regexp_replace(regexp_replace({dense(text)}, {quote(called)}, ''), '\\([^()\\d]+\\)$', '')"
    bare = f"regexp_replace(regexp_replace({noted}, '\\.0+$', ''), '[-()./]', '', 'g')"
    national = f"regexp_replace({bare}, '^(\\+?86|0086|0)', '')"
    return let(national, "m", matching("m", MOBILE_FORM))


def is_name(text: str) -> str:
    """Whether a text could be a person's name as it stands."""
    odd = f"{SPACED_NAME}|[{UNSEEN}\t\n\r]|{NO_NAME}|{_DOTTED}|{TITLES}|^({NO_PERSON})$"
    return f"NOT regexp_matches({text}, {quote(odd)})"


def person_name(text: str) -> str:
    """A Chinese name without spaces and title, its dot as ·; NULL where a sign is lost or masked, or it holds a note.

    One space in more signs than a Han name has stands for the dot between the parts of another people's name.
    """
    single = f"regexp_replace(regexp_replace({tidy(text)}, '[\\s\u00a0]+', ' ', 'g'), {quote(_DOTTED)}, '\\1·\\2', 'g')"
    closed = f"regexp_replace(regexp_replace(s, {quote(_GAP)}, '\\1\\2', 'g'), {quote(_GAP)}, '\\1\\2', 'g')"
    joined = f"CASE WHEN regexp_full_match(s, {quote(_PARTED)}) AND length(s) > {LONGEST_HAN + 1} THEN replace(s, ' ', '·') ELSE {closed} END"
    untitled = f"regexp_replace({let(single, 's', joined)}, {quote(_TITLED)}, '\\1')"
    sexed = f"regexp_matches({text}, {quote(_SEXED)})"
    return let(untitled, "p", f"CASE WHEN {is_name('p')} AND NOT {sexed} THEN p END")
