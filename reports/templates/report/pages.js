// Pages of one rule, one root cause, one finding. A resource's page is in resource.js.

const crumbs = (...parts) =>
  h(
    "p.crumbs",
    {},
    parts.filter(Boolean).map((part, n) => [n ? h("span.dim", {}, " › ") : null, part]),
  );
const title = (text) => h("h1", { tabindex: "-1" }, text);
const factList = (pairs) =>
  h(
    "dl.about",
    {},
    pairs
      .filter(([, value]) => value !== null && value !== "" && value !== undefined)
      .map(([key, value]) => h("div", {}, h("dt", {}, key), h("dd", {}, value))),
  );
const resourceLink = (D, r) => h("a.name", { href: `#resource/${segment(D.key(r))}` }, D.name(r));
const where = (D, r) => [
  h("span.dim", {}, `${words(D.type(r))} `),
  resourceLink(D, r),
  D.type(r) !== "domain" && D.domainName(r) ? h("span.dim", {}, ` in ${D.domainName(r)}`) : null,
];
const missing = (what) => [
  title("Not in this page"),
  h("p", {}, `${what} is not in this page. It may be in report.json, or in another night’s report.`),
  h("p", {}, h("a", { href: "#overview" }, "Overview")),
];

/** Rows whose failure stands: neither waived nor of an earlier run. */
const standing = (D, i) => D.status(i) === "fail" && CURRENT.includes(D.state(i));
const isNew = (D, i) => ["new", "regressed"].includes(D.state(i));
/** Failures by severity of some rows, as colored numbers. */
const severityCounts = (D, rows) => {
  const counts = new Array(D.header.severities.length).fill(0);
  for (const i of rows) if (standing(D, i)) counts[D.rows.severity[i]] += 1;
  return counts;
};
const severityWords = (D, counts) =>
  counts.some(Boolean)
    ? h(
        "span.counts",
        {},
        counts.map((n, k) => (n ? badge(D.header.severities[k], `${number(n)} ${D.header.severities[k]}`) : null)),
      )
    : h("span.dim", {}, "no open finding");

/** A list of findings inside a page: plain rows, as many as fit the screen. */
const findingRows = (D, rows, label, { rule = true, resource = true } = {}) => {
  const list = virtualTable({
    label,
    kind: resource ? "few" : "few-own",
    columns: [
      { label: "Severity", kind: "severity" },
      { label: "Finding", kind: "message" },
      ...(resource ? [{ label: "Resource", kind: "resource" }] : []),
    ],
    open: (k) => place.go(`#finding/${D.rowId(rows[k])}`),
    row: (k) => {
      const i = rows[k];
      const r = D.rows.resource[i];
      return [
        [
          badge(D.severity(i)),
          D.status(i) === "fail" ? null : badge(D.status(i)),
          D.state(i) && D.state(i) !== "open" ? badge(`st-${D.state(i)}`, STATE_WORDS[D.state(i)]) : null,
        ],
        [
          h("a.open", { href: `#finding/${D.rowId(i)}` }, D.message(i)),
          h(
            "span.sub",
            {},
            rule
              ? `${D.rule(i).id} · ${D.rule(i).title}`
              : D.evidence(i)
                  .slice(0, 2)
                  .map((e) => `${settingName(e.setting, e.path, e.derived)} = ${plainValue(e.value)}`)
                  .join(" · "),
          ),
        ],
        ...(resource
          ? [[resourceLink(D, r), h("span.sub", {}, `${D.domainName(r) || words(D.type(r))} · ${D.place(r)}`)]]
          : []),
      ];
    },
  });
  return { element: list.element, start: () => list.show(rows.length), list };
};

const findingPage = (D, id) => {
  const i = D.findRow(id);
  if (i < 0) return { content: missing(`Finding ${id}`) };
  const r = D.rows.resource[i];
  return {
    name: D.message(i),
    content: [
      crumbs(
        h("a", { href: "#findings" }, "Findings"),
        h("a", { href: `#rule/${D.rule(i).id}` }, D.rule(i).id),
        resourceLink(D, r),
      ),
      title(D.message(i)),
      h("p", {}, badge(D.severity(i)), " ", D.status(i) === "fail" ? null : badge(D.status(i))),
      h("div.narrow-page", {}, findingBody(D, i, "h2")),
    ],
  };
};

/** The resources that a waiver for a whole cause names: those in the domain, if the domain causes what others show. */
const causeWaiverResources = (D, cause, rows) => {
  const shown = rows.length ? D.type(D.rows.resource[rows[0]]) : "domain";
  return D.type(cause.resource) === "domain" && shown !== "domain"
    ? {
        type: shown,
        account: D.account(cause.resource),
        region: D.region(cause.resource),
        domain: D.domainId(cause.resource),
      }
    : waiverResources(D, cause.resource);
};

const causeStatement = (D, cause) =>
  h(
    "p.statement",
    {},
    badge(cause.severity),
    " ",
    where(D, cause.resource),
    ": ",
    code(causeName(cause.setting)),
    " = ",
    shownValue(cause.value),
    h(
      "span.sub",
      {},
      cause.layer === "service" ? "AWS’s default: nobody set it" : layerWords(cause.layer, D.type(cause.resource)),
    ),
  );

/** What a cause explains: `rows` count now, `waived` are set aside. */
const causeFacts = (D, cause, rows, waived) => {
  const fresh = rows.filter((i) => isNew(D, i)).length;
  const counts = [
    number(rows.length),
    fresh ? `, ${number(fresh)} new` : "",
    waived ? `; ${number(waived)} waived` : "",
  ];
  const stub = waiverStub(D, cause.rule, causeWaiverResources(D, cause, rows), cause.value);
  return factList([
    ["Findings", counts.join("")],
    [D.placeWord, D.place(cause.resource)],
    ["Why it matters", cause.rule.why],
    ["Waive all", fold("Waiver for all of them", false, copyable(stub, "Waiver"))],
  ]);
};

const causePage = (D, id, index) => {
  const c = D.findCause(id);
  if (c < 0) return { content: missing(`Root cause ${id}`) };
  const cause = D.cause(c);
  const all = [...index.byCause(c + 1)].filter((i) => standing(D, i) || D.state(i) === "waived");
  const rows = all.filter((i) => standing(D, i));
  const waived = all.filter((i) => D.state(i) === "waived").length;
  const found = findingRows(D, all, "Findings of this cause", { rule: false });
  return {
    name: causeSays(D, index, c),
    content: [
      crumbs(h("a", { href: "#causes" }, "Causes"), h("a", { href: `#rule/${cause.rule.id}` }, cause.rule.id)),
      title(causeSays(D, index, c)),
      h("p.lead", {}, `${cause.rule.id}: ${cause.rule.title}`),
      causeStatement(D, cause),
      h(
        "div.two",
        {},
        h(
          "section.card",
          {},
          h("h2", {}, "Remediation"),
          D.causes.remediation[c] ? fixes(cause.remediation) : h("p", {}, cause.rule.steps),
        ),
        h("section.card", {}, h("h2", {}, "Findings it explains"), causeFacts(D, cause, rows, waived)),
      ),
      h("h2", {}, `Resources (${number(rows.length + waived)})`),
      found.element,
    ],
    start: found.start,
    list: found.list,
  };
};

const CAUSES_SHOWN = 50;
const ANSWERS = ["fail", "waived", "unknown", "error", "pass", "not_applicable"];

/** The requirements of frameworks that a rule checks, each with a link to its findings. */
const requirementsOf = (D, id) =>
  D.header.frameworks.flatMap((f) =>
    f.requirements
      .filter((r) => r.rules.includes(id))
      .map((r) =>
        h(
          "span.pair",
          {},
          h("a", { href: `#findings?framework=${segment(`${f.name}/${r.id}`)}` }, `${f.title} ${r.id}`),
          h("span.dim", {}, ` ${r.title}`),
        ),
      ),
  );

const ruleReason = (rule) => {
  const references = rule.references.map((url) => h("li", {}, outside(url)));
  return h(
    "section.card",
    {},
    h("h2", {}, "Why"),
    h("p", {}, rule.why),
    h("h3", {}, "Remediation"),
    h("p", {}, rule.steps),
    references.length ? h("ul.bare", {}, references) : null,
  );
};

const ruleAnswers = (D, rule) => {
  const frameworks = requirementsOf(D, rule.id);
  const practices = rule.practices.map((p) => [h("a", { href: `#findings?practice=${p}` }, p), " "]);
  return h(
    "section.card",
    {},
    h("h2", {}, "Answers"),
    factList([
      ...ANSWERS.filter((key) => rule.counts[key]).map((key) => [words(key), number(rule.counts[key])]),
      ["Practices", practices.length ? practices : null],
      ["Frameworks", frameworks.length ? frameworks : null],
      ["Findings", h("a", { href: `#findings?rule=${rule.id}` }, "filter and export them")],
    ]),
  );
};

const ruleCauseRow = (D, c, open, fresh) => {
  const cause = D.cause(c);
  return h(
    "tr",
    {},
    h("td", {}, where(D, cause.resource), h("span.sub", {}, D.place(cause.resource))),
    h("td", {}, h("a", { href: `#cause/${cause.id}` }, code(causeName(cause.setting))), " = ", shownValue(cause.value)),
    h("td.num", {}, h("b", {}, number(open)), fresh ? h("span.fresh", {}, ` ${number(fresh)} new`) : null),
  );
};

/** The root causes of a rule's findings, in the one order of the report. */
const ruleCauses = (D, n, index) => {
  const { id } = D.rules[n];
  const causes = [...index.causesOfRule(n)].map((c) => [c, index.open[c], index.fresh[c]]).filter(([, open]) => open);
  const rows = causes.slice(0, CAUSES_SHOWN).map(([c, open, fresh]) => ruleCauseRow(D, c, open, fresh));
  return [
    h("h2", {}, `Root causes (${number(causes.length)})`),
    rows.length
      ? tableOf("Root causes", ["Where", "Setting and value", ["th.num", "Resolves"]], rows)
      : h("p.dim", {}, "None."),
    causes.length > CAUSES_SHOWN
      ? h("p", {}, h("a", { href: `#causes?q=${id}` }, `All ${number(causes.length)} root causes of ${id}`))
      : null,
  ];
};

const rulePage = (D, id, index) => {
  const n = D.rules.findIndex((r) => r.id === id);
  if (n < 0) return { content: missing(`Rule ${id}`) };
  const rule = D.rules[n];
  const rows = [...index.byRule(n)].filter((i) => CURRENT.includes(D.state(i)));
  const undecided = rows.filter((i) => D.status(i) !== "fail").length;
  const found = findingRows(D, rows, "Findings of this rule", { rule: false });
  return {
    name: `${rule.id} ${rule.title}`,
    content: [
      crumbs(h("a", { href: "#rules" }, "Rules"), rule.id),
      title(rule.title),
      h(
        "p.statement",
        {},
        rule.severity ? badge(rule.severity) : null,
        " ",
        h("span.dim", {}, `${rule.id} · ${rule.name} · ${rule.area}`),
      ),
      rule.id === "STU110" && document.getElementById("consistency")
        ? h("p", {}, h("a", { href: "#consistency" }, "Which user profiles deviate, and in what"))
        : null,
      h("div.two", {}, ruleReason(rule), ruleAnswers(D, rule)),
      ...ruleCauses(D, n, index),
      h("h2", {}, `Findings (${number(rows.length)})${undecided ? `, ${number(undecided)} undecided` : ""}`),
      rows.length ? found.element : h("p.dim", {}, "None."),
    ],
    start: rows.length ? found.start : null,
    list: rows.length ? found.list : null,
  };
};
