// Findings in nested groups, by choice, and how many findings a list has.

/** What the reader can group by, and the levels of each. */
const GROUPINGS = {
  account: { label: "account, domain, cause", levels: ["account", "domain", "cause"] },
  rule: { label: "rule, cause", levels: ["rule", "cause"] },
  owner: { label: "owner, rule, cause", levels: ["owner", "rule", "cause"] },
};
/** Groups that are shown at once; more on demand. */
const GROUPS_SHOWN = 100;

/** Findings are failures; what could not be evaluated is counted apart, here as everywhere. */
const countWords = (D, rows) => {
  let open = 0;
  let aside = 0;
  for (const i of rows) {
    if (D.status(i) !== "fail") open += 1;
    else if (!CURRENT.includes(D.state(i))) aside += 1;
  }
  const others = [
    aside ? `${number(aside)} waived or of earlier runs` : "",
    open ? `${number(open)} not evaluated` : "",
  ];
  return [
    number(rows.length - open - aside),
    h(
      "span.dim",
      {},
      others.filter(Boolean).map((text) => `, ${text}`),
    ),
  ];
};

/** How rows fall into groups: `key` is equal within one, `name` is what it is called. */
const levelsOf = (D) => {
  const r = (i) => D.rows.resource[i];
  return {
    account: { key: (i) => D.account(r(i)), name: (i) => D.accountLabel(r(i)) },
    domain: {
      key: (i) => `${D.region(r(i))}/${D.domainId(r(i))}`,
      name: (i) => [
        D.domainId(r(i)) ? D.domainName(r(i)) : "outside domains",
        D.header.templates ? "" : D.region(r(i)),
      ],
    },
    rule: { key: (i) => D.rows.rule[i], name: (i) => [D.rule(i).id, D.rule(i).title] },
    owner: { key: (i) => D.owner(r(i)), name: (i) => D.owner(r(i)) || "no owner tag" },
    cause: { key: (i) => (D.rows.cause[i] ? D.rows.cause[i] : `${D.status(i)}/${D.rows.rule[i]}`), name: null },
  };
};

/** Rows by group, in the order of the rows: what fails the run first. */
const groupRows = (level, rows) => {
  const groups = new Map();
  for (const i of rows) {
    const key = level.key(i);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(i);
  }
  return [...groups.values()];
};

/** A group's line: what it is, and its findings by severity. */
const groupTitle = (D, level, rows) => {
  const [name, more] = [level.name(rows[0])].flat();
  const open = rows.filter((i) => D.status(i) !== "fail").length;
  return [
    h("span.title", {}, name, more ? h("span.dim", {}, ` ${more}`) : null),
    h("span", {}, severityWords(D, severityCounts(D, rows)), open ? ` ${number(open)} not evaluated` : null),
  ];
};

/** The last level: one change, or what could not be evaluated. */
const causeLine = (D, rows) => {
  const [i] = rows;
  const more = rows.length > 1 ? ` (and ${number(rows.length - 1)} more)` : "";
  const to = D.rows.cause[i] ? `#cause/${D.causeId(D.rows.cause[i] - 1)}` : `#finding/${D.rowId(i)}`;
  const r = D.rows.cause[i] ? D.causes.resource[D.rows.cause[i] - 1] : D.rows.resource[i];
  return h(
    "li",
    {},
    h("span", {}, badge(D.severity(i)), D.status(i) === "fail" ? null : badge(D.status(i))),
    h(
      "span",
      {},
      h("a.strong", { href: to }, `${D.message(i)}${more}`),
      h("span.sub", {}, `${D.rule(i).id} · ${words(D.type(r))} ${D.name(r)} · ${D.place(r)}`),
    ),
    h("b.num", {}, number(rows.length)),
  );
};

/** The groups of rows under one level, made when they are opened. */
const groupList = (D, names, rows) => {
  const levels = levelsOf(D);
  const level = levels[names[0]];
  const groups = groupRows(level, rows);
  const element = h(names.length > 1 ? "div.groups" : "ul.news", {});
  const one = (of) => {
    if (names.length === 1) return causeLine(D, of);
    const body = h("div.body", {});
    const fill = () => {
      if (!body.firstChild) body.append(groupList(D, names.slice(1), of));
    };
    const panel = h("details.group", { ontoggle: fill }, h("summary", {}, groupTitle(D, level, of)), body);
    if (groups.length === 1) {
      fill();
      panel.open = true;
    }
    return panel;
  };
  let shown = 0;
  const further = h("button.link", { type: "button", onclick: () => show() }, "");
  const show = () => {
    further.remove();
    element.append(...groups.slice(shown, shown + GROUPS_SHOWN).map(one));
    shown = Math.min(shown + GROUPS_SHOWN, groups.length);
    further.textContent = `Show more: ${number(groups.length - shown)} left`;
    if (shown < groups.length) element.append(names.length > 1 ? further : h("li", {}, further));
  };
  show();
  return element;
};

/** The choice of a grouping, and the element that the groups are in. `chosen(name)` hears, "" for no groups. */
const groupedFindings = (D, chosen) => {
  const choice = h(
    "select",
    { "aria-label": "Group by", onchange: (event) => chosen(event.target.value) },
    h("option", { value: "" }, "Not grouped"),
    Object.entries(GROUPINGS).map(([name, { label }]) => h("option", { value: name }, `By ${label}`)),
  );
  const element = h("div", { hidden: true });
  return {
    choice,
    element,
    show: (name, rows) => {
      choice.value = name;
      element.hidden = !name || !rows.length;
      element.replaceChildren(...(name && rows.length ? [groupList(D, GROUPINGS[name].levels, rows)] : []));
    },
  };
};
