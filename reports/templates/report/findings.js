// The list of findings: filters with their numbers, chips, the rows, and the address that remembers them.

// eslint-disable-next-line max-lines-per-function -- it keeps a state of its own
const makeFindings = (D) => {
  const SORTS = {
    severity: "Severity",
    message: "Finding",
    resource: "Resource",
    place: `${D.accountWord} and domain`,
    since: "First seen",
  };
  const view = $("findings");
  const box = /** @type {HTMLInputElement} */ ($("q"));
  const filter = makeFilter(D);
  const { facets } = filter;
  const compared =
    D.header.previous !== null ||
    D.rows.state.some((state) => ["new", "open", "regressed"].includes(D.header.states[state]));
  const chosen = Object.fromEntries(facets.map((f) => [f.name, new Set()]));
  const ordered = makeOrder(D);
  let order = ordered(["severity", false]);
  /** @type {[string, boolean]} */
  let sort = ["severity", false];
  /** @type {{ rows: Uint32Array, totals: Uint32Array[] }} */
  let result = { rows: new Uint32Array(0), totals: [] };
  let query = "";
  let grouping = "";
  /** What the address asks for and this report does not have, as [label, value]. @type {[string, string][]} */
  let absent = [];

  const perResource = indexRows(D.rows.resource, D.resourceCount);
  const drawer = makeDrawer(D, {
    closed: () => {
      remember();
      list.reveal(true);
    },
    step: (by) => {
      list.move(by);
      openAt(list.current, false);
    },
  });

  // Rows
  const columns = [
    { label: "Severity", kind: "severity", sort: "severity" },
    { label: "Finding", kind: "message", sort: "message" },
    { label: "Resource", kind: "resource", sort: "resource" },
    { label: `${D.accountWord}, domain`, kind: "place", sort: "place" },
    ...(compared ? [{ label: "First seen", kind: "since", sort: "since" }] : []),
  ];
  const row = (k) => {
    const i = result.rows[k];
    const r = D.rows.resource[i];
    const state = D.state(i);
    const status = D.status(i);
    const rule = D.rule(i);
    const cells = [
      [badge(D.severity(i)), status === "fail" ? null : badge(status)],
      [h("a.open", { href: `#finding/${D.rowId(i)}` }, D.message(i)), h("span.sub", {}, `${rule.id} · ${rule.title}`)],
      [
        h("a.name", { href: `#resource/${segment(D.key(r))}` }, D.name(r)),
        h("span.sub", {}, words(D.type(r)), D.file(r) ? ` · ${D.file(r)}` : null),
      ],
      [h("span", {}, D.accountLabel(r)), h("span.sub", {}, D.inDomain(r))],
    ];
    if (compared) {
      cells.push([
        state && state !== "open" ? badge(`st-${state}`, STATE_WORDS[state]) : h("span.dim", {}, state || "–"),
        h("span.sub", {}, D.firstSeen(i) ? day(D.firstSeen(i)) : ""),
      ]);
    }
    return cells;
  };
  const list = virtualTable({
    label: "Findings",
    kind: compared ? "findings" : "findings-plain",
    columns,
    row,
    open: (k) => openAt(k, true),
    sorted: () => sort,
    onSort: (by) => {
      sort = [by, sort[0] === by ? !sort[1] : false];
      reorder();
      update();
    },
  });
  const openAt = (k, focus) => {
    if (k < 0) return;
    list.set(k);
    drawer.show(result.rows[k], focus);
    remember();
  };

  const reorder = () => {
    order = ordered(sort);
  };

  // Filters
  const count = h("span.count", {});
  const chips = h("ul.chips", { "aria-label": "Filters in force" });
  const hidden = h("p.dim.aside", {});
  const found = h("ul.found", { "aria-label": "Resources with this name" });
  const side = h("details.facets", {});
  const printed = h("p.print-only", {});
  const panels = h("div", {});
  const nothing = h(
    "p.empty-list",
    { hidden: true },
    h("span", { id: "absent" }),
    "No finding matches the filters. ",
    h("button.link", { type: "button", onclick: () => clear() }, "Clear them"),
  );
  const toggle = (facet, n, on) => {
    absent = [];
    for (const other of facets) chosen[other.name].delete(-1);
    if (on) chosen[facet.name].add(n);
    else chosen[facet.name].delete(n);
    update();
  };
  const clear = () => {
    for (const facet of facets) chosen[facet.name].clear();
    absent = [];
    box.value = "";
    update();
  };

  const drawFacets = facetPanels({ facets, chosen, compared, panels, toggle, totals: () => result.totals });
  /** The picked values of a filter that this report has. */
  const known = (facet) => [...chosen[facet.name]].filter((n) => n >= 0);
  const drawChips = () => {
    const all = facets.flatMap((facet) =>
      known(facet).map((n) =>
        h(
          "li",
          {},
          h(
            "button.chip",
            {
              type: "button",
              "aria-label": `Remove the filter ${facet.label}: ${facet.show(facet.values[n], n)}`,
              onclick: () => toggle(facet, n, false),
            },
            h("span.dim", {}, `${facet.label}: `),
            facet.show(facet.values[n], n),
            h("span", { "aria-hidden": "true" }, " ×"),
          ),
        ),
      ),
    );
    if (query)
      all.unshift(
        h(
          "li",
          {},
          h(
            "button.chip",
            {
              type: "button",
              "aria-label": `Remove the search for ${query}`,
              onclick: () => {
                box.value = "";
                update();
              },
            },
            h("span.dim", {}, "search: "),
            query,
            h("span", { "aria-hidden": "true" }, " ×"),
          ),
        ),
      );
    if (all.length > 1) all.push(h("li", {}, h("button.link", { type: "button", onclick: clear }, "Clear all")));
    chips.replaceChildren(...all);
    const said = facets.flatMap((facet) =>
      known(facet).length
        ? [
            `${facet.label.toLowerCase()} ${known(facet)
              .map((n) => facet.show(facet.values[n], n))
              .join(" or ")}`,
          ]
        : [],
    );
    if (query) said.unshift(`search ${query}`);
    printed.textContent = `Filter: ${said.join("; ") || "none"}.`;
  };
  const drawAside = () => {
    const state = facets.findIndex((f) => f.name === "state");
    const others = chosen.state.size
      ? []
      : ["waived", "resolved", "not_assessed", "carried_over"]
          .map((name) => /** @type {[string, number]} */ ([name, result.totals[state][D.header.states.indexOf(name)]]))
          .filter(([, n]) => n);
    hidden.replaceChildren(
      ...(others.length
        ? [
            "Not listed: ",
            ...others.flatMap(([name, n], k) => [
              k ? ", " : "",
              h(
                "button.link",
                {
                  type: "button",
                  onclick: () => {
                    toggle(facets[state], D.header.states.indexOf(name), true);
                  },
                },
                `${number(n)} ${STATE_WORDS[name]}`,
              ),
            ]),
          ]
        : []),
    );
    found.replaceChildren(
      ...(query ? filter.people(query, 4, (r) => perResource(r).length) : []).map((r) =>
        h(
          "li",
          {},
          h("a", { href: `#resource/${segment(D.key(r))}` }, D.name(r)),
          h(
            "span.dim",
            {},
            ` ${words(D.type(r))}${D.domainName(r) ? ` in ${D.domainName(r)}` : ""}, `,
            plural(perResource(r).length, "finding"),
          ),
        ),
      ),
    );
  };

  const draw = () => {
    const n = result.rows.length;
    count.replaceChildren(...countWords(D, result.rows));
    nothing.hidden = n > 0;
    $("absent").textContent = absent
      .map(([label, value]) => `This report has no ${label.toLowerCase()} “${value}”. `)
      .join("");
    drawChips();
    list.show(n);
    groups.show(grouping, result.rows);
    list.element.hidden = grouping !== "" || !n;
    say(plural(n, "finding"));
    // The rows first: the numbers beside the filters may come a frame later.
    cancelAnimationFrame(beside);
    beside = requestAnimationFrame(() =>
      setTimeout(() => {
        drawFacets();
        drawAside();
      }),
    );
  };
  let beside = 0;
  const apply = () => {
    query = box.value.trim();
    result = filter.run(query, chosen, order);
    list.set(-1);
    draw();
  };
  const update = () => {
    apply();
    drawer.hide();
    remember();
  };

  // The address
  const address = () => {
    const parts = facets
      .filter((f) => known(f).length)
      .map(
        (f) =>
          `${f.name}=${known(f)
            .map((n) => segment(f.toAddress(n)))
            .join(",")}`,
      );
    if (query) parts.unshift(`q=${segment(query)}`);
    if (grouping) parts.push(`group=${grouping}`);
    if (sort[0] !== "severity" || sort[1]) parts.push(`sort=${sort[0]}${sort[1] ? ".down" : ""}`);
    if (drawer.row >= 0) parts.push(`open=${D.rowId(drawer.row)}`);
    return `#findings${parts.length ? `?${parts.join("&")}` : ""}`;
  };
  const remember = () => {
    // What the address asked for in vain stays in it until the reader chooses anew.
    if (!view.hidden && !absent.length) place.replace(address());
  };
  const restore = (parameters) => {
    for (const facet of facets) chosen[facet.name].clear();
    absent = [];
    box.value = "";
    sort = ["severity", false];
    grouping = "";
    let open = "";
    for (const pair of parameters.split("&").filter(Boolean)) {
      const [name, text = ""] = pair.split(/=(.*)/s);
      const facet = facets.find((f) => f.name === name);
      if (name === "q") box.value = decoded(text);
      else if (name === "open") open = text;
      else if (name === "sort" && SORTS[text.replace(".down", "")])
        sort = [text.replace(".down", ""), text.endsWith(".down")];
      else if (name === "group" && GROUPINGS[text]) grouping = text;
      else if (facet) {
        for (const part of text.split(",")) {
          const n = facet.fromAddress(decoded(part));
          // A value that the report lacks has no findings: an old link must not show all of them instead.
          if (n < 0) absent.push([facet.label, decoded(part)]);
          chosen[facet.name].add(n);
        }
      }
    }
    reorder();
    apply();
    const at = open ? result.rows.indexOf(D.findRow(open)) : -1;
    if (at >= 0) {
      list.set(at);
      list.reveal(false);
      drawer.show(result.rows[at], false);
    } else drawer.hide();
  };

  const groups = groupedFindings(D, (name) => {
    grouping = name;
    update();
  });
  const exporting = h(
    "button",
    { type: "button", onclick: () => download("findings.csv", "text/csv;charset=utf-8", csvOf(D, result.rows)) },
    "Export CSV",
  );
  side.append(h("summary", {}, "Filters"), panels);
  side.open = matchMedia("(min-width: 64rem)").matches;
  $("findings-title").append(" ", count);
  view.append(
    h(
      "div.split",
      {},
      side,
      h(
        "div.main",
        {},
        h("div.bar-row", {}, h("div", {}, chips, found, hidden), h("div.tools", {}, groups.choice, exporting)),
        printed,
        list.element,
        groups.element,
        nothing,
      ),
    ),
    drawer.element,
  );

  let typing = 0;
  box.addEventListener("input", () => {
    if (view.hidden) {
      const text = box.value;
      place.push("#findings");
      box.value = text;
    }
    cancelAnimationFrame(typing);
    typing = requestAnimationFrame(update);
  });
  $("search").addEventListener("submit", (event) => {
    event.preventDefault();
    if (list.count) list.move(list.current < 0 ? 1 : 0);
  });

  return {
    restore,
    list,
    drawer,
    openAt,
    address,
    perResource,
    filter,
    clearSearch: () => {
      box.value = "";
      update();
    },
  };
};
