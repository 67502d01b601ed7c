"""Resources of the HTML report's data: those of findings and causes, and the inventory with its settings."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from auditor.inert_text import visible
from auditor.model.inventory import Inventory, InventoryColumn, InventoryTable, SignIn
from auditor.model.report import Report
from auditor.model.resource import ResourceRef
from auditor.report.html.encode import NOTHING, Columns, Dictionary, Stencil, Word, words_of
from auditor.studio.resource_types import KINDS_IN_DOMAINS

_TEXTS = ("type", "account", "region", "owner", "arn", "id", "file", "domain", "domain_id")


class Stencils:
    """Makes what cuts the words of a resource out of texts. Most texts name nothing of the resource but its domain:
    how they are cut is known from the first resource of the domain on."""

    def __init__(self) -> None:
        self._places: dict[tuple[str, str, str, str], tuple[list[Word], dict[str, tuple[str, str]]]] = {}
        self._last: tuple[ResourceRef | None, Stencil] = (None, NOTHING)

    def of(self, resource: ResourceRef) -> Stencil:
        """What texts about the resource repeat."""
        if self._last[0] is not resource:
            place = (resource.domain_id, resource.domain_name, resource.account, resource.region)
            if place not in self._places:
                names = ("domain_id", "domain_name", "account", "region")
                self._places[place] = words_of(dict(zip(names, place, strict=True))), {}
            shared, known = self._places[place]
            own = words_of({"id": resource.id, "name": resource.name})
            # Where the name is in the id, no text without the name has the id.
            told = own[1:] if len(own) == 2 and own[1][2] in own[0][2] else own
            self._last = resource, Stencil([*own, *shared], [word for _, _, word in told], known)
        return self._last[1]


class Resources:
    """Every resource that the data speaks of, once. Tables of the inventory come first, each in one run."""

    def __init__(self) -> None:
        self._refs: list[ResourceRef] = []
        self._codes: dict[str, int] = {}
        self._owners: list[str] = []
        self._parents: list[str] = []
        self._tables: list[dict[str, Any]] = []
        self._kept: list[tuple[InventoryTable, list[int] | None]] = []
        self._sign_ins: tuple[SignIn, ...] = ()
        self._complete: bool | None = None

    def add_inventory(self, inventory: Inventory, only: Collection[str] | None) -> None:
        """The inventory's resources; ``only`` those keys, where it is given, and all domains and roles."""
        self._complete = inventory.complete and only is None
        self._sign_ins = inventory.sign_ins
        for table in inventory.tables:
            kept = None
            if only is not None and table.type in KINDS_IN_DOMAINS:
                kept = [n for n, ref in enumerate(table.resources) if ref.key in only]
            places = range(len(table.resources)) if kept is None else kept
            self._kept.append((table, kept))
            for n in places:
                self._codes[table.resources[n].key] = len(self._refs)
                self._refs.append(table.resources[n])
                self._owners.append(table.owners[n])
                self._parents.append(table.parents[n])

    def code(self, ref: ResourceRef) -> int:
        """The resource's place."""
        key = ref.key
        found = self._codes.get(key)
        if found is None:
            found = self._codes[key] = len(self._refs)
            self._refs.append(ref)
            self._owners.append("")
            self._parents.append("")
        return found

    def encode(self, columns: Columns, report: Report) -> dict[str, Any]:
        """Lay the columns and give the header's part. Nothing may be added afterwards."""
        for summary in report.domains:
            self.code(summary.resource)
        domains = {(r.account, r.region, r.id): n for n, r in enumerate(self._refs) if r.type == "domain"}
        texts = {name: Dictionary() for name in _TEXTS}
        numbers: dict[str, list[int]] = {name: [] for name in (*texts, "line", "in_domain", "parent")}
        names, stencils = [], Stencils()
        for n, ref in enumerate(self._refs):
            cut = stencils.of(ref)
            # An id is cut by everything but itself.
            own = Stencil(words_of({"name": ref.name, "domain_id": ref.domain_id}))
            names.append(visible(ref.name))
            place = f"{ref.file}:{ref.construct}" if ref.construct else ref.file
            for name, text in (
                ("type", ref.type), ("account", ref.account), ("region", ref.region),
                ("owner", visible(self._owners[n])), ("arn", cut.cut(ref.arn)), ("id", own.cut(ref.id)),
                ("file", visible(place)), ("domain", visible(ref.domain_name)), ("domain_id", visible(ref.domain_id)),
            ):  # fmt: skip
                numbers[name].append(texts[name].code(text))
            numbers["line"].append(ref.line or 0)
            numbers["in_domain"].append(domains.get((ref.account, ref.region, ref.domain_id), -1) + 1)
            numbers["parent"].append(self._codes.get(self._parents[n], -1) + 1)
        for name, column in numbers.items():
            columns.numbers(f"resource.{name}", column)
        header: dict[str, Any] = {
            "resources": {"number": len(names), "names": names},
            "texts": {name: dictionary.values for name, dictionary in texts.items()},
        }
        header["domains"] = [
            {"resource": self._codes[d.resource.key], "status": d.status, "auth_mode": d.auth_mode,
             "experience": d.experience, "user_profiles": d.user_profiles, "spaces": d.spaces, "apps": d.apps,
             "out_of_scope": d.out_of_scope}
            for d in report.domains
        ]  # fmt: skip
        header["inventory"] = self._inventory(columns)
        return header

    def _inventory(self, columns: Columns) -> dict[str, Any] | None:
        if self._complete is None:
            return None
        first, tables = 0, []
        for table, kept in self._kept:
            number = len(table.resources) if kept is None else len(kept)
            described = [
                self._column(columns, f"{table.type}.{c.name}", c, kept) for c in table.columns if c.name != "owner_key"
            ]
            tables.append({"type": table.type, "first": first, "number": number, "columns": described})
            first += number
        profiles = [(s, self._codes[s.profile]) for s in self._sign_ins if s.profile in self._codes]
        return {
            "complete": self._complete,
            "tables": tables,
            "sign_ins": [[n, visible(s.principal), s.kind, s.times, s.first, s.last] for s, n in profiles],
        }

    @staticmethod
    def _column(columns: Columns, name: str, column: InventoryColumn, kept: list[int] | None) -> dict[str, Any]:
        codes = column.codes if kept is None else [column.codes[n] for n in kept]
        # A value that all share needs no column.
        if len(column.values) > 1:
            columns.numbers(name, codes)
        return {
            "name": column.name, "doc": column.doc, "unit": column.unit, "paths": dict(column.paths),
            "values": [[NOTHING.cut_value(value), layer] for value, layer in column.values],
        }  # fmt: skip
