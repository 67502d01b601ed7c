"""Pages as AWS makes them: ten by default, a hundred at most, shorter or empty whenever it likes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.simulator import Fault, Simulator
from auditor.simulator.estate import generate
from auditor.simulator.operations import paged

from .clients import client, refusal

Start = Callable[..., Simulator]


def _pages(studio: Any, **request: Any) -> list[list[str]]:
    """The profile names of each page, until there is no NextToken."""
    pages: list[list[str]] = []
    while True:
        answer = studio.list_user_profiles(**request)
        pages.append([p["UserProfileName"] for p in answer["UserProfiles"]])
        if "NextToken" not in answer:
            return pages
        request["NextToken"] = answer["NextToken"]


def test_pages_hold_ten_by_default(simulated: Start) -> None:
    pages = _pages(client(simulated(generate(1, 25))))
    assert [len(p) for p in pages] == [10, 10, 5]


def test_pages_hold_a_hundred_at_most(simulated: Start) -> None:
    """MaxResults: "Valid Range: Minimum value of 1. Maximum value of 100"."""
    studio = client(simulated(generate(1, 120)))
    assert [len(p) for p in _pages(studio, MaxResults=100)] == [100, 20]
    assert refusal(studio.list_user_profiles, MaxResults=101) == ("ValidationException", 400)


def test_a_list_that_fits_has_no_token(simulated: Start) -> None:
    assert [len(p) for p in _pages(client(simulated(generate(1, 10))))] == [10]


@pytest.mark.parametrize("short", [1, 4])
def test_pages_may_be_shorter_than_asked_for(simulated: Start, short: int) -> None:
    estate = generate(1, 9)
    pages = _pages(client(simulated(estate, short_pages=short)), MaxResults=100)
    assert all(len(p) == short for p in pages[:-1])
    assert [n for p in pages for n in p] == [p["UserProfileName"] for p in estate.data["domains"][0]["profiles"]]


def test_pages_may_be_empty(simulated: Start) -> None:
    estate = generate(1, 9)
    pages = _pages(client(simulated(estate, short_pages=4, faults=[Fault("empty_page", "ListUserProfiles")])))
    assert [len(p) for p in pages] == [0, 4, 0, 4, 0, 1]
    assert [n for p in pages for n in p] == [p["UserProfileName"] for p in estate.data["domains"][0]["profiles"]]


def test_a_token_of_nobody_is_refused(simulated: Start) -> None:
    studio = client(simulated(generate(1, 1)))
    for token in ("nonsense", "YXQ6eA=="):
        assert refusal(studio.list_user_profiles, NextToken=token) == ("ValidationException", 400)


def test_order_can_be_turned_round(simulated: Start) -> None:
    studio = client(simulated(generate(1, 3)))
    (ascending,) = _pages(studio, SortOrder="Ascending")
    (descending,) = _pages(studio, SortOrder="Descending")
    assert descending == ascending[::-1]


def test_tags_come_in_pages_as_well(simulated: Start) -> None:
    """GetResources: an empty PaginationToken is the last page's."""
    estate = generate(1, 5)
    for profile in estate.data["domains"][0]["profiles"]:
        profile["Tags"] = [{"Key": "name", "Value": profile["UserProfileName"]}]
    tagging = client(simulated(estate), "resourcegroupstaggingapi")
    first = tagging.get_resources(ResourcesPerPage=3, ResourceTypeFilters=["sagemaker:user-profile"])
    second = tagging.get_resources(ResourcesPerPage=3, PaginationToken=first["PaginationToken"])
    found = [m["Tags"][0]["Value"] for page in (first, second) for m in page["ResourceTagMappingList"]]
    assert sorted(found) == sorted(p["UserProfileName"] for p in estate.data["domains"][0]["profiles"])
    assert len(first["ResourceTagMappingList"]) == 3
    assert second["PaginationToken"] == ""


@given(count=st.integers(0, 250), size=st.none() | st.integers(1, 100), short=st.integers(0, 30))
def test_whatever_the_size_each_item_comes_once_and_in_order(count: int, size: int | None, short: int) -> None:
    items = [{"n": n} for n in range(count)]
    request: dict[str, Any] = {} if size is None else {"MaxResults": size}
    found: list[Any] = []
    for _ in range(count + 1):
        page = paged(items, request, "Items", short)
        assert len(page["Items"]) <= (size or 10)
        found += page["Items"]
        if "NextToken" not in page:
            break
        request["NextToken"] = page["NextToken"]
    assert found == items
    assert "NextToken" not in page
