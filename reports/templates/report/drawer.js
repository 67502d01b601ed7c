// One finding, beside the list: what was seen, where it comes from, how to fix or waive it.

const CONSOLE_WORDS = { domain: "The domain", execution_role: "The role" };

/** Commands and snippets of a remediation, each with its button. */
const fixes = ([steps, aws, cloudformation, terraform, note, alone]) => [
  steps ? h("p", {}, steps) : null,
  note ? h("p.dim", {}, note) : null,
  [
    ["AWS CLI", aws],
    ["AWS CLI, for this profile alone", alone],
    ["CloudFormation", cloudformation],
    ["Terraform", terraform],
  ]
    .filter(([, text]) => text)
    .map(([what, text], n) => fold(what, n === 0, copyable(text, what))),
];

const evidenceTable = (D, i) =>
  h(
    "div.scroll",
    { tabindex: "0", role: "region", "aria-label": "Evidence" },
    h(
      "table.list.evidence",
      {},
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          ["Setting", "Value", "Where it comes from"].map((t) => h("th", { scope: "col" }, t)),
        ),
      ),
      h(
        "tbody",
        {},
        D.evidence(i).map((e) =>
          h(
            "tr",
            {},
            h("th", { scope: "row" }, code(settingName(e.setting, e.path, e.derived))),
            h("td", {}, shownValue(e.value)),
            h(
              "td",
              {},
              layerWords(e.layer, D.type(D.rows.resource[i])),
              e.layer === "derived" && !e.place
                ? null
                : h(
                    "span.sub",
                    {},
                    breakable(e.path),
                    e.at ? [" on ", breakable(e.at)] : "",
                    e.place ? ` (${e.place})` : "",
                  ),
            ),
          ),
        ),
      ),
    ),
  );

const linkTo = (D, r, text) => h("a", { href: `#resource/${segment(D.key(r))}` }, text);

/** Where the AWS console shows a resource. */
const consoleLink = (D, r) => {
  const page = D.consolePage(r);
  if (!page) return "";
  return h("a", { href: page, rel: "noopener noreferrer", target: "_blank" }, CONSOLE_WORDS[D.type(r)] || "Its domain");
};

/** When a finding was seen, and what changed since. */
const findingTimes = (D, i) => {
  const state = D.state(i);
  return [
    [
      "Since the last run",
      state ? [badge(`st-${state}`, STATE_WORDS[state]), D.reason(i) ? ` ${D.reason(i)}` : ""] : "",
    ],
    ["First seen", D.firstSeen(i) ? minute(D.firstSeen(i)) : ""],
    ["Made by", D.madeBy(i)],
    ["Last seen", D.lastSeen(i) ? minute(D.lastSeen(i)) : ""],
    ["Came back", D.rows.regressed[i] ? plural(D.rows.regressed[i], "time") : ""],
  ];
};

const findingFacts = (D, i) => {
  const r = D.rows.resource[i];
  const rule = D.rule(i);
  return [
    ["Rule", h("a", { href: `#rule/${rule.id}` }, `${rule.id} ${rule.title}`)],
    ["Resource", [linkTo(D, r, D.name(r)), ` ${words(D.type(r))}`]],
    ["Domain", D.domain(r) >= 0 ? linkTo(D, D.domain(r), D.domainName(r)) : D.domainName(r)],
    [D.placeWord, D.place(r)],
    ["Owner tag", D.owner(r)],
    ["ARN", D.arn(r) ? [code(D.arn(r)), " ", copyButton(D.arn(r))] : ""],
    ["AWS console", consoleLink(D, r)],
    ["File", D.file(r)],
    ...findingTimes(D, i),
    ["Gate", D.rows.gates[i] ? "one of those that made the run fail" : ""],
    ["Fingerprint", [h("code", {}, D.rowId(i)), " ", copyButton(() => D.rowId(i))]],
  ].filter(([, value]) => value && value.length !== 0);
};

const waiverNotice = (waiver) =>
  h(
    "p.notice",
    {},
    h("b", {}, `Waived until ${waiver.expires}`),
    ` by ${waiver.owner}: ${waiver.reason}`,
    waiver.ticket ? ` (${waiver.ticket})` : "",
    waiver.file ? h("span.sub", {}, waiver.file, waiver.line ? `:${waiver.line}` : "") : null,
  );

const causeWords = (D, c) => {
  const cause = D.cause(c);
  const type = D.type(cause.resource);
  return h(
    "p",
    {},
    h("a", { href: `#cause/${cause.id}` }, D.name(cause.resource)),
    ` ${words(type)}: `,
    code(causeName(cause.setting)),
    " = ",
    shownValue(cause.value),
    h("span.sub", {}, `${layerWords(cause.layer, type)}; explains ${plural(D.causes.affects[c], "finding")}`),
  );
};

/** What to write into waivers.yaml to accept a finding. */
const waiveIt = (D, i, evidence) => {
  const value = evidence.length ? evidence[0].value : undefined;
  const stub = waiverStub(D, D.rule(i), waiverResources(D, D.rows.resource[i]), value);
  return fold(
    "Waive it",
    false,
    h("p.dim", {}, "For waivers.yaml, below “waivers:”. Fill in why and who."),
    copyable(stub, "Waiver"),
  );
};

/** What is said about one finding: in the drawer and on its own page. */
const findingBody = (D, i, heading) => {
  const waiver = D.waiver(i);
  const evidence = D.evidence(i);
  const remediation = D.rows.remediation[i];
  const facts = findingFacts(D, i).map(([key, value]) => h("div", {}, h("dt", {}, key), h("dd", {}, value)));
  return [
    waiver ? waiverNotice(waiver) : null,
    evidence.length ? [h(heading, {}, "Evidence"), evidenceTable(D, i)] : null,
    D.rows.cause[i] ? [h(heading, {}, "Root cause"), causeWords(D, D.rows.cause[i] - 1)] : null,
    remediation ? [h(heading, {}, "Remediation"), fixes(D.remediation(remediation, D.rows.resource[i]))] : null,
    h(heading, {}, "Why it matters"),
    h("p", {}, D.rule(i).why),
    D.status(i) === "fail" && !waiver ? waiveIt(D, i, evidence) : null,
    h(heading, {}, "Facts"),
    h("dl.about", {}, facts),
    h(
      "p",
      {},
      copyButton(() => ticket(D, i), "Copy as ticket (Markdown)"),
    ),
  ];
};

const makeDrawer = (D, { closed, step }) => {
  const title = h("h2", { tabindex: "-1", id: "drawer-title" });
  const top = h("p.top-line", {});
  const content = h("div", {});
  const close = h("button.icon", { type: "button", "aria-label": "Close", title: "Close (Esc)" }, "×");
  const element = h(
    "aside.drawer",
    { "aria-labelledby": "drawer-title", hidden: true },
    h(
      "div.drawer-bar",
      {},
      h(
        "button.icon",
        { type: "button", "aria-label": "Previous finding", title: "Previous (k)", onclick: () => step(-1) },
        "↑",
      ),
      h(
        "button.icon",
        { type: "button", "aria-label": "Next finding", title: "Next (j)", onclick: () => step(1) },
        "↓",
      ),
      h("span.grow", {}),
      close,
    ),
    top,
    title,
    content,
  );
  let row = -1;
  const hide = () => {
    row = -1;
    element.hidden = true;
    document.body.classList.remove("with-drawer");
  };
  close.addEventListener("click", () => {
    hide();
    closed();
  });
  return {
    element,
    hide,
    get row() {
      return row;
    },
    close: () => close.click(),
    show: (i, focus) => {
      row = i;
      top.replaceChildren(
        badge(D.severity(i)),
        " ",
        D.status(i) === "fail" ? "" : badge(D.status(i)),
        " ",
        D.rule(i).id,
      );
      title.textContent = D.message(i);
      content.replaceChildren(...findingBody(D, i, "h3").flat(Infinity).filter(Boolean));
      element.hidden = false;
      element.scrollTop = 0;
      document.body.classList.add("with-drawer");
      if (focus) title.focus({ preventScroll: true });
    },
  };
};
