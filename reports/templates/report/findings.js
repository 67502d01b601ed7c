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
  const natural = Uint32Array.from({ length: D.rowCount }, (_, i) => i);
  let order = natural;
  /** @type {[string, boolean]} */
  let sort = ["severity", false];
  /** @type {{ rows: Uint32Array, totals: Uint32Array[] }} */
  let result = { rows: new Uint32Array(0), totals: [] };
  let query = "";

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
      [h("span", {}, D.account(r)), h("span.sub", {}, D.inDomain(r))],
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

  // Order. Dictionaries are ranked once; rows are compared by rank.
  const ranks = {};
  const rankOf = (texts) => {
    const places = Uint32Array.from(texts, (_, n) => n).sort((a, b) =>
      texts[a] < texts[b] ? -1 : texts[a] > texts[b] ? 1 : a - b,
    );
    const rank = new Uint32Array(texts.length);
    places.forEach((place, n) => {
      rank[place] = n;
    });
    return rank;
  };
  const keys = {
    message: () => {
      ranks.message ||= rankOf(D.header.messages);
      return (i) => D.rows.rule[i] * 1e6 + ranks.message[D.rows.message[i]];
    },
    resource: () => {
      ranks.name ||= rankOf(D.header.resources.names);
      return (i) => ranks.name[D.rows.resource[i]];
    },
    place: () => {
      ranks.place ||= rankOf(
        D.header.resources.names.map((_, r) => `${D.account(r)} ${D.domainName(r)} ${D.region(r)}`),
      );
      return (i) => ranks.place[D.rows.resource[i]];
    },
    since: () => {
      ranks.since ||= rankOf(D.header.moments);
      return (i) => -ranks.since[D.rows.first_seen[i]];
    },
  };
  const reorder = () => {
    const [by, down] = sort;
    order = natural;
    if (by !== "severity") {
      const key = keys[by]();
      const values = Float64Array.from(natural, key);
      order = natural.slice().sort((a, b) => values[a] - values[b] || a - b);
    }
    if (down) order = order.slice().reverse();
  };

  // Filters
  const count = h("span.count", {});
  const chips = h("ul.chips", { "aria-label": "Filters in force" });
  const hidden = h("p.dim.aside", {});
  const found = h("ul.found", { "aria-label": "Resources with this name" });
  const side = h("details.facets", {});
  const panels = h("div", {});
  const nothing = h(
    "p.empty-list",
    { hidden: true },
    "No finding matches the filters. ",
    h("button.link", { type: "button", onclick: () => clear() }, "Clear them"),
  );
  const toggle = (facet, n, on) => {
    if (on) chosen[facet.name].add(n);
    else chosen[facet.name].delete(n);
    update();
  };
  const clear = () => {
    for (const facet of facets) chosen[facet.name].clear();
    box.value = "";
    update();
  };

  const drawFacets = facetPanels({ facets, chosen, compared, panels, toggle, totals: () => result.totals });
  const drawChips = () => {
    const all = facets.flatMap((facet) =>
      [...chosen[facet.name]].map((n) =>
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
    count.replaceChildren(number(n), n < D.rowCount ? h("span.dim", {}, ` of ${number(D.rowCount)}`) : "");
    nothing.hidden = n > 0;
    drawChips();
    list.show(n);
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
      .filter((f) => chosen[f.name].size)
      .map((f) => `${f.name}=${[...chosen[f.name]].map((n) => segment(f.toAddress(n))).join(",")}`);
    if (query) parts.unshift(`q=${segment(query)}`);
    if (sort[0] !== "severity" || sort[1]) parts.push(`sort=${sort[0]}${sort[1] ? ".down" : ""}`);
    if (drawer.row >= 0) parts.push(`open=${D.rowId(drawer.row)}`);
    return `#findings${parts.length ? `?${parts.join("&")}` : ""}`;
  };
  const remember = () => {
    if (!view.hidden) place.replace(address());
  };
  const restore = (parameters) => {
    for (const facet of facets) chosen[facet.name].clear();
    box.value = "";
    sort = ["severity", false];
    let open = "";
    for (const pair of parameters.split("&").filter(Boolean)) {
      const [name, text = ""] = pair.split(/=(.*)/s);
      const facet = facets.find((f) => f.name === name);
      if (name === "q") box.value = decoded(text);
      else if (name === "open") open = text;
      else if (name === "sort" && SORTS[text.replace(".down", "")])
        sort = [text.replace(".down", ""), text.endsWith(".down")];
      else if (facet) {
        for (const part of text.split(",")) {
          const n = facet.fromAddress(decoded(part));
          if (n >= 0) chosen[facet.name].add(n);
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
      h("div.main", {}, h("div.bar-row", {}, h("div", {}, chips, found, hidden), exporting), list.element, nothing),
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
