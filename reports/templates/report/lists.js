// Whole lists of causes, domains and resources, each with a box to find in it.

const listView = (D, section, { kind, label, columns, items, row, open, hint }) => {
  const box = h("input.narrow", {
    type: "search",
    placeholder: hint,
    "aria-label": `${hint} in ${label.toLowerCase()}`,
    autocomplete: "off",
    spellcheck: "false",
  });
  const count = h("p.count", {});
  let all = null;
  let kept = [];
  /** @type {[string, boolean]} */
  let sort = ["", false];
  const list = virtualTable({
    label,
    kind,
    columns,
    row: (k) => row(kept[k]),
    open: (k) => place.go(open(kept[k])),
    sorted: () => sort,
    onSort: (by) => {
      sort = [by, sort[0] === by ? !sort[1] : false];
      show();
    },
  });
  const show = () => {
    all ||= items();
    const wanted = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    kept = wanted.length ? all.filter((item) => wanted.every((word) => item.text().includes(word))) : all.slice();
    const key = sort[0] && columns.find((c) => c.sort === sort[0]).key;
    if (key)
      kept.sort((a, b) => {
        const [x, y] = [key(a), key(b)];
        return x < y ? -1 : x > y ? 1 : 0;
      });
    if (sort[1]) kept.reverse();
    count.replaceChildren(h("b", {}, number(kept.length)), ` of ${number(all.length)}`);
    list.show(kept.length);
    say(`${number(kept.length)} of ${number(all.length)}`);
  };
  box.addEventListener("input", () => {
    show();
    place.replace(`#${section}${box.value ? `?q=${segment(box.value)}` : ""}`);
  });
  return {
    element: h("div", {}, h("div.bar-row", {}, box, count), list.element),
    list,
    start: (q) => {
      box.value = q;
      show();
    },
    box,
  };
};

/** What a cause's findings say: the message of the first, and how many more there are. */
const causeSays = (D, index, c) => {
  const rows = index.byCause(c + 1);
  const first = rows.find((i) => standing(D, i)) ?? rows[0];
  const more = index.open[c] - 1;
  if (first === undefined) return D.rules[D.causes.rule[c]].title;
  return `${D.message(first)}${more > 0 ? ` (and ${number(more)} more)` : ""}`;
};

/** The weight of the first screen: the severity's, and as much again each time the number doubles. */
const priority = (D, severity, n) => (n ? D.header.weights[severity] * (1 + Math.log2(n)) : 0);

/** Lower-case text of an item, made when it is first looked for. */
const lazyText = (make) => {
  let text = null;
  return () => {
    text ??= make().toLowerCase();
    return text;
  };
};

const causesView = (D, index) =>
  listView(D, "causes", {
    kind: "causes",
    label: "Root causes",
    hint: "Find a cause",
    columns: [
      { label: "Severity", kind: "severity", sort: "severity", key: (x) => D.causes.severity[x.c] },
      {
        label: "What is wrong, and where to change it",
        kind: "message",
        sort: "rule",
        key: (x) => D.rules[D.causes.rule[x.c]].id,
      },
      { label: "Resource", kind: "resource", sort: "resource", key: (x) => D.name(D.causes.resource[x.c]) },
      { label: "Resolves", kind: "num", sort: "removes", key: (x) => -index.open[x.c] },
    ],
    items: () => {
      const found = [];
      for (let c = 0; c < D.causeCount; c += 1) {
        if (index.open[c])
          found.push({
            c,
            text: lazyText(() => {
              const x = D.cause(c);
              const { id, name, title: demand } = x.rule;
              const r = x.resource;
              const where = [D.name(r), D.domainName(r), D.account(r), D.region(r)];
              return [causeSays(D, index, c), id, name, demand, x.setting, plainValue(x.value), ...where].join(" ");
            }),
          });
      }
      // The order of the data is the one order of every report.
      return found;
    },
    open: ({ c }) => `#cause/${D.causeId(c)}`,
    row: ({ c }) => {
      const x = D.cause(c);
      return [
        badge(x.severity),
        [
          h("a.open", { href: `#cause/${x.id}` }, causeSays(D, index, c)),
          h("span.sub", {}, `${x.rule.id}: ${x.rule.title} · ${causeName(x.setting)} = ${plainValue(x.value)}`),
        ],
        [
          h("span", {}, resourceLink(D, x.resource), h("span.dim", {}, ` ${words(D.type(x.resource))}`)),
          h("span.sub", {}, D.place(x.resource)),
        ],
        [
          h("b", {}, number(index.open[c])),
          index.fresh[c] ? h("span.fresh", {}, `${number(index.fresh[c])} new`) : null,
        ],
      ];
    },
  });

const domainsView = (D, index) => {
  const cell = (n, name) => (n ? h(`b.s-${name}`, {}, number(n)) : h("span.dim", {}, "0"));
  return listView(D, "domains", {
    kind: "domains",
    label: "Domains",
    hint: "Find a domain",
    columns: [
      { label: "Domain", kind: "resource", sort: "name", key: (x) => x.name },
      { label: D.placeWord, kind: "place", sort: "account", key: (x) => `${x.account} ${x.name}` },
      { label: "Sign-in, default", kind: "since" },
      { label: "Profiles, spaces, apps", kind: "num", sort: "profiles", key: (x) => -x.d.user_profiles },
      ...D.header.severities.map((name, n) => ({ label: name, kind: "num", sort: name, key: (x) => -x.counts[n] })),
    ],
    items: () =>
      D.header.domains
        .map((d) => {
          const r = d.resource;
          const counts = index.domainCounts(r);
          return {
            d,
            r,
            counts,
            name: D.name(r),
            account: D.account(r),
            weight: counts.reduce((sum, n, k) => sum + priority(D, k, n), 0),
            text: lazyText(
              () => `${D.name(r)} ${D.id(r)} ${D.account(r)} ${D.region(r)} ${d.auth_mode} ${d.experience}`,
            ),
          };
        })
        .sort((a, b) => b.weight - a.weight || (a.name < b.name ? -1 : 1)),
    open: ({ r }) => `#resource/${segment(D.key(r))}`,
    row: ({ d, r, counts }) => [
      [
        h("a.open.name", { href: `#resource/${segment(D.key(r))}` }, D.name(r)),
        h(
          "span.sub",
          {},
          D.id(r),
          d.status && d.status !== "InService" ? ` · ${d.status}` : "",
          d.out_of_scope ? " · partly out of scope" : "",
        ),
      ],
      [h("span", {}, D.accountLabel(r)), D.header.templates ? null : h("span.sub", {}, D.region(r))],
      [h("span", {}, plainValue(d.auth_mode)), h("span.sub", {}, plainValue(d.experience))],
      `${number(d.user_profiles)} · ${number(d.spaces)} · ${number(d.apps)}`,
      ...counts.map((n, k) => cell(n, D.header.severities[k])),
    ],
  });
};

const resourcesView = (D, index) => {
  const items = () => {
    const found = [];
    for (let r = 0; r < D.resourceCount; r += 1) {
      const rows = index.byResource(r);
      found.push({
        r,
        worst: rows.length ? Math.min(...Array.from(rows, (i) => (standing(D, i) ? D.rows.severity[i] : 9))) : 10,
        n: rows.length,
        text: lazyText(() =>
          [D.name(r), words(D.type(r)), D.domainName(r), D.id(r), D.account(r), D.region(r), D.owner(r)].join(" "),
        ),
      });
    }
    return found.sort((a, b) => a.worst - b.worst || b.n - a.n || a.r - b.r);
  };
  return listView(D, "resources", {
    kind: "resources",
    label: "Resources",
    hint: "Find a person, domain, space, app or role",
    items,
    columns: [
      { label: "Name", kind: "resource", sort: "name", key: (x) => D.name(x.r) },
      { label: "Findings", kind: "message", sort: "findings", key: (x) => -x.n },
      { label: "Type", kind: "since", sort: "type", key: (x) => D.type(x.r) },
      {
        label: `${D.accountWord}, domain`,
        kind: "place",
        sort: "place",
        key: (x) => `${D.account(x.r)} ${D.domainName(x.r)}`,
      },
    ],
    open: ({ r }) => `#resource/${segment(D.key(r))}`,
    row: ({ r }) => [
      [
        h("a.open.name", { href: `#resource/${segment(D.key(r))}` }, D.name(r)),
        h("span.sub", {}, D.owner(r) ? `owner ${D.owner(r)}` : D.id(r)),
      ],
      severityWords(D, severityCounts(D, index.byResource(r))),
      words(D.type(r)),
      [h("span", {}, D.accountLabel(r)), h("span.sub", {}, D.inDomain(r))],
    ],
  });
};
