// Everything about one resource: its findings, its settings in force and who set them, and what belongs to it.

/** Where the inventory has a resource: its table and its place there. */
const makeInventory = (D) => {
  const inventory = D.header.inventory;
  const tables = inventory ? inventory.tables : [];
  const columns = new Map();
  const codes = (table, column) => {
    const name = `${table.type}.${column.name}`;
    if (!columns.has(name)) columns.set(name, D.header.columns[name] ? D.column(name) : null);
    return columns.get(name);
  };
  const tableOf = (r) => tables.find((t) => r >= t.first && r < t.first + t.number);
  /** Columns of a resource with value and layer; null where the inventory does not have it. */
  const settings = (r) => {
    const table = tableOf(r);
    if (!table) return null;
    return table.columns.map((column) => {
      const own = codes(table, column);
      const [value, layer] = column.values[own ? own[r - table.first] : 0];
      return { ...column, value, layer };
    });
  };
  const signIns = new Map();
  for (const [r, ...rest] of inventory ? inventory.sign_ins : []) {
    if (!signIns.has(r)) signIns.set(r, []);
    signIns.get(r).push(rest);
  }
  let children = null;
  const childrenOf = (r) => {
    children ||= indexRows(D.resources.parent, D.resourceCount + 1);
    return [...children(r + 1)];
  };
  let inDomain = null;
  const inside = (r) => {
    inDomain ||= indexRows(D.resources.in_domain, D.resourceCount + 1);
    return [...inDomain(r + 1)].filter((one) => one !== r);
  };
  let roles = null;
  /** The execution role of that ARN, -1 where it was not seen. */
  const role = (arn) => {
    if (!roles) {
      roles = new Map();
      for (const t of tables)
        if (t.type === "execution_role") for (let r = t.first; r < t.first + t.number; r += 1) roles.set(D.arn(r), r);
    }
    return roles.has(arn) ? roles.get(arn) : -1;
  };
  return {
    settings,
    signIns: (r) => signIns.get(r) || [],
    childrenOf,
    inside,
    role,
    complete: inventory ? inventory.complete : false,
    present: Boolean(inventory),
  };
};

const settingsTable = (D, r, columns, role, label) => {
  const origins = columns.some((c) => c.layer !== "derived");
  return h(
    "div.scroll",
    { tabindex: "0", role: "region", "aria-label": label },
    h(
      "table.list.settings",
      {},
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          ["Setting", "In force", ...(origins ? ["Set where"] : [])].map((t) => h("th", { scope: "col" }, t)),
        ),
      ),
      h(
        "tbody",
        {},
        columns.map((c) =>
          h(
            "tr",
            {},
            h(
              "th",
              { scope: "row" },
              code(settingName(c.name, c.paths[c.layer] || Object.values(c.paths)[0], c.layer === "derived")),
              h("span.sub", {}, c.doc),
            ),
            h(
              "td",
              {},
              shownValue(c.value),
              c.unit && c.value ? ` ${c.unit}` : "",
              c.name === "execution_role" && role(c.value) >= 0
                ? [" ", h("a", { href: `#resource/${segment(D.key(role(c.value)))}` }, "the role")]
                : null,
            ),
            origins
              ? h(
                  "td",
                  {},
                  layerWords(c.layer, D.type(r)),
                  c.paths[c.layer] ? h("span.sub", {}, breakable(c.paths[c.layer])) : null,
                )
              : null,
          ),
        ),
      ),
    ),
  );
};

/** Settings by who set them: what is its own first, what nobody set folded away. */
const settingsByLayer = (D, r, columns, role) => {
  const groups = [
    ["Unknown or ambiguous", (c) => c.layer === "unknown" || c.layer === "ambiguous", true],
    [
      "Set on the resource",
      (c) =>
        !["unknown", "ambiguous", "service", "derived"].includes(c.layer) &&
        (c.layer !== "domain" || D.type(r) === "domain"),
      true,
    ],
    ["Inherited from the domain", (c) => c.layer === "domain" && D.type(r) !== "domain", true],
    ["AWS’s defaults, which nobody changed", (c) => c.layer === "service", false],
    ["Derived from settings and evidence", (c) => c.layer === "derived", false],
  ];
  return groups.map(([name, fits, open]) => {
    const own = columns.filter(fits);
    const group = own.length ? fold(`${name} (${own.length})`, open, settingsTable(D, r, own, role, name)) : null;
    if (group) group.classList.add("settings-group");
    return group;
  });
};

const resourceTable = (D, index, rows, label) => {
  const list = virtualTable({
    label,
    kind: "resources",
    columns: [
      { label: "Name", kind: "resource" },
      { label: "Findings", kind: "message" },
      { label: "Type", kind: "since" },
      { label: `${D.accountWord}, domain`, kind: "place" },
    ],
    open: (k) => place.go(`#resource/${segment(D.key(rows()[k]))}`),
    row: (k) => {
      const r = rows()[k];
      return [
        [
          h("a.open.name", { href: `#resource/${segment(D.key(r))}` }, D.name(r)),
          h("span.sub", {}, D.owner(r) ? `owner ${D.owner(r)}` : D.id(r)),
        ],
        severityWords(D, severityCounts(D, index.byResource(r))),
        words(D.type(r)),
        [h("span", {}, D.account(r)), h("span.sub", {}, D.inDomain(r))],
      ];
    },
  });
  return list;
};

const SHOWN_RELATED = 200;
const SHOWN_APPS = 50;
const SHOWN_CAUSES = 50;
const RELATED_SETTINGS = ["status", "app_type", "sharing_type", "instance_type", "ebs_volume_gb"];

/** What the settings of something related say about it in a few words. */
const relatedWords = (inventory, one) => {
  const own = inventory.settings(one) || [];
  const value = (name) => {
    const c = own.find((x) => x.name === name);
    return c && c.value !== "" && c.value !== null ? plainValue(c.value) : "";
  };
  return RELATED_SETTINGS.map(value)
    .filter((v) => v && v !== "0")
    .join(" · ");
};

const relatedItem = (D, one, ...rest) =>
  h("li", {}, h("span.dim", {}, `${words(D.type(one))} `), resourceLink(D, one), ...rest);

/** Spaces and apps of a profile, apps of a space. */
const relatedSection = (D, r, index, inventory) => {
  const type = D.type(r);
  const related = inventory.childrenOf(r).filter((one) => type !== "domain" || D.type(one) === "domain");
  if (!related.length) return [];
  const items = related.slice(0, SHOWN_RELATED).map((one) => {
    const apps = inventory.childrenOf(one).slice(0, SHOWN_APPS);
    return relatedItem(
      D,
      one,
      " ",
      severityWords(D, severityCounts(D, index.byResource(one))),
      h("span.sub", {}, relatedWords(inventory, one)),
      apps.length
        ? h(
            "ul.related",
            {},
            apps.map((app) => relatedItem(D, app)),
          )
        : null,
    );
  });
  return [h("h2", {}, type === "user_profile" ? "Spaces and apps" : "What belongs to it"), h("ul.related", {}, items)];
};

const signInRow = ([principal, kind, times, first, last]) =>
  h(
    "tr",
    {},
    h("th", { scope: "row" }, principal),
    h("td", {}, kind),
    h("td.num", {}, number(times)),
    h("td", {}, first ? minute(first) : ""),
    h("td", {}, last ? minute(last) : ""),
  );

/** Who opened a profile, or why that is not told. */
const signInSection = (r, settings, inventory) => {
  const seen = inventory.signIns(r);
  const humans = settings.find((c) => c.name === "human_principals");
  return [
    h("h2", {}, "Sign-in activity"),
    seen.length
      ? tableOf("Sign-ins", ["Principal", "Kind", ["th.num", "Times"], "First", "Last"], seen.map(signInRow))
      : h(
          "p.dim",
          {},
          humans && humans.value !== null
            ? "No sign-ins in the period that was collected."
            : "Unknown. CloudTrail records sign-ins only for domains that use IAM authentication.",
        ),
  ];
};

/** The role that a profile's notebooks run with. */
const roleSection = (D, r, settings, index, inventory) => {
  const arn = settings.find((c) => c.name === "execution_role");
  const role = arn ? inventory.role(arn.value) : -1;
  if (role < 0) return [];
  const own = inventory.settings(role).filter((c) => c.name !== "unified_studio");
  return [
    h("h2", {}, "Its execution role"),
    h(
      "p",
      {},
      resourceLink(D, role),
      " ",
      severityWords(D, severityCounts(D, index.byResource(role))),
      h("span.sub", {}, layerWords(arn.layer, D.type(r))),
    ),
    settingsTable(D, role, own, inventory.role, "Its execution role"),
  ];
};

/** Everything in a domain, the worst first; null where nothing is. */
const membersOf = (D, r, index, inventory) => {
  const weight = (one) => severityCounts(D, index.byResource(one)).reduce((sum, n, k) => sum + priority(D, k, n), 0);
  const ordered = inventory
    .inside(r)
    .map((one) => [one, weight(one)])
    .sort((a, b) => b[1] - a[1] || a[0] - b[0])
    .map(([one]) => one);
  if (!ordered.length) return null;
  const list = resourceTable(D, index, () => ordered, `In ${D.name(r)}`);
  return {
    list,
    start: () => list.show(ordered.length),
    section: [h("h2", {}, `Profiles, spaces and apps (${number(ordered.length)})`), list.element],
  };
};

const causeRow = (D, c, open) => {
  const cause = D.cause(c);
  return h(
    "tr",
    {},
    h("td", {}, badge(cause.severity)),
    h(
      "td",
      {},
      h("a.strong", { href: `#cause/${cause.id}` }, cause.rule.title),
      h("span.sub", {}, code(causeName(cause.setting)), " = ", shownValue(cause.value)),
    ),
    h("td.num", {}, h("b", {}, number(open))),
  );
};

/** The causes at a domain, by what changing them removes. */
const causesSection = (D, r, index) => {
  const causes = [...index.causesAt(r)].filter((c) => index.open[c]).sort((a, b) => index.open[b] - index.open[a]);
  if (!causes.length) return [];
  const rows = causes.slice(0, SHOWN_CAUSES).map((c) => causeRow(D, c, index.open[c]));
  return [
    h("h2", {}, "What to change here"),
    tableOf("Root causes here", ["Severity", "Control", ["th.num", "Resolves"]], rows),
  ];
};

const domainFacts = (D, r) => {
  const summary = D.header.domains.find((d) => d.resource === r);
  if (!summary) return [];
  const { user_profiles: profiles, spaces, apps } = summary;
  return [
    ["Out of scope", summary.out_of_scope],
    ["Holds", [plural(profiles, "profile"), plural(spaces, "space"), plural(apps, "app")].join(", ")],
    ["All findings in it", h("a", { href: `#findings?domain=${segment(D.id(r))}` }, "filter and export them")],
  ];
};

const resourceFacts = (D, r) =>
  factList([
    ["Id", D.id(r) !== D.name(r) ? code(D.id(r)) : null],
    ["Owner tag", D.owner(r)],
    ["ARN", D.arn(r) ? [code(D.arn(r)), " ", copyButton(D.arn(r))] : null],
    ["AWS console", consoleLink(D, r)],
    ["File", D.file(r)],
    ...domainFacts(D, r),
  ]);

/** Why the page holds no settings of it. */
const settingsLeftOut = (D, inventory) => {
  if (D.header.left_out) return `left out so that it opens quickly (${D.header.left_out}).`;
  return inventory.present
    ? "it was not among what was listed, or is of another kind."
    : "the report was made without them.";
};

const settingsSection = (D, r, settings, inventory) =>
  settings
    ? [
        h("h2", {}, "Settings in force"),
        h("p.lead", {}, "The effective settings, and where each is set."),
        settingsByLayer(D, r, settings, inventory.role),
      ]
    : h(
        "p.notice.calm",
        {},
        inventory.present ? "Its settings are not in this page: " : "Settings are not in this page: ",
        settingsLeftOut(D, inventory),
        " auditor query asks the snapshot for them.",
      );

const resourceCrumbs = (D, r) => {
  const [domain, parent] = [D.domain(r), D.parent(r)];
  return crumbs(
    h("a", { href: "#resources" }, "Resources"),
    domain >= 0 && D.type(r) !== "domain" ? resourceLink(D, domain) : null,
    parent >= 0 && parent !== domain ? resourceLink(D, parent) : null,
  );
};

const resourcePage = (D, key, index, inventory) => {
  const r = D.findResource(key);
  if (r < 0) return { content: missing(key) };
  const type = D.type(r);
  const rows = [...index.byResource(r)];
  const now = rows.filter((i) => CURRENT.includes(D.state(i)));
  const aside = rows.filter((i) => !CURRENT.includes(D.state(i)));
  const open = findingRows(D, now, "Findings on it", { resource: false });
  const others = findingRows(D, aside, "Waived and past", { resource: false });
  const settings = inventory.settings(r);
  const opened = type === "user_profile" && inventory.present;
  const members = type === "domain" ? membersOf(D, r, index, inventory) : null;
  const starts = [now.length ? open.start : null, aside.length ? others.start : null, members?.start];
  return {
    name: D.name(r),
    content: [
      resourceCrumbs(D, r),
      title(D.name(r)),
      h(
        "p.statement",
        {},
        h("span.dim", {}, `${words(type)} · ${D.place(r)} `),
        severityWords(D, severityCounts(D, rows)),
      ),
      resourceFacts(D, r),
      h("h2", {}, `Findings (${number(now.length)})`),
      now.length ? open.element : h("p.empty", {}, "No open finding."),
      type === "domain" ? causesSection(D, r, index) : [],
      relatedSection(D, r, index, inventory),
      opened ? signInSection(r, settings || [], inventory) : [],
      opened ? roleSection(D, r, settings || [], index, inventory) : [],
      accessPathSection(D, pathRole(D, r, settings || [], inventory), type === "user_profile"),
      members ? members.section : [],
      settingsSection(D, r, settings, inventory),
      aside.length ? [h("h2", {}, `Waived and past (${number(aside.length)})`), others.element] : null,
    ],
    start: () => starts.forEach((f) => f?.()),
    list: now.length ? open.list : members?.list,
  };
};
