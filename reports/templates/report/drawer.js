// One finding, beside the list: what was seen, where it comes from, how to mend or waive it.

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
    { tabindex: "0", role: "region", "aria-label": "What was seen" },
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
            h("th", { scope: "row" }, code(e.setting)),
            h("td", {}, shownValue(e.value)),
            h(
              "td",
              {},
              layerWords(e.layer, D.type(D.rows.resource[i])),
              e.layer === "derived"
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

/** What is said about one finding: in the drawer and on its own page. */
const findingBody = (D, i, heading) => {
  const r = D.rows.resource[i];
  const rule = D.rule(i);
  const waiver = D.waiver(i);
  const state = D.state(i);
  const cause = D.rows.cause[i] ? D.cause(D.rows.cause[i] - 1) : null;
  const evidence = D.evidence(i);
  const facts = [
    ["Rule", h("a", { href: `#rule/${rule.id}` }, `${rule.id} ${rule.title}`)],
    ["Resource", [h("a", { href: `#resource/${segment(D.key(r))}` }, D.name(r)), ` ${words(D.type(r))}`]],
    [
      "Domain",
      D.domain(r) >= 0
        ? h("a", { href: `#resource/${segment(D.key(D.domain(r)))}` }, D.domainName(r))
        : D.domainName(r),
    ],
    [D.placeWord, D.place(r)],
    ["Owner tag", D.owner(r)],
    ["ARN", D.arn(r) ? [code(D.arn(r)), " ", copyButton(D.arn(r))] : ""],
    ["File", D.file(r)],
    [
      "Since the last run",
      state ? [badge(`st-${state}`, STATE_WORDS[state]), D.reason(i) ? ` ${D.reason(i)}` : ""] : "",
    ],
    ["First seen", D.firstSeen(i) ? minute(D.firstSeen(i)) : ""],
    ["Last seen", D.lastSeen(i) ? minute(D.lastSeen(i)) : ""],
    ["Came back", D.rows.regressed[i] ? plural(D.rows.regressed[i], "time") : ""],
    ["Gate", D.rows.gates[i] ? "one of those that made the run fail" : ""],
    ["Fingerprint", [h("code", {}, D.rowId(i)), " ", copyButton(() => D.rowId(i))]],
  ].filter(([, value]) => value && value.length !== 0);
  return [
    waiver
      ? h(
          "p.notice",
          {},
          h("b", {}, `Waived until ${waiver.expires}`),
          ` by ${waiver.owner}: ${waiver.reason}`,
          waiver.ticket ? ` (${waiver.ticket})` : "",
          waiver.file ? h("span.sub", {}, waiver.file, waiver.line ? `:${waiver.line}` : "") : null,
        )
      : null,
    evidence.length ? [h(heading, {}, "What was seen"), evidenceTable(D, i)] : null,
    cause
      ? [
          h(heading, {}, "Root cause"),
          h(
            "p",
            {},
            h("a", { href: `#cause/${cause.id}` }, D.name(cause.resource)),
            ` ${words(D.type(cause.resource))}: `,
            code(cause.setting),
            " = ",
            shownValue(cause.value),
            h(
              "span.sub",
              {},
              `${layerWords(cause.layer, D.type(cause.resource))}; explains `,
              plural(D.causes.affects[D.rows.cause[i] - 1], "finding"),
            ),
          ),
        ]
      : null,
    D.rows.remediation[i] ? [h(heading, {}, "To mend it"), fixes(D.remediation(D.rows.remediation[i], r))] : null,
    h(heading, {}, "Why"),
    h("p", {}, rule.why),
    D.status(i) === "fail" && !waiver
      ? fold(
          "Waive it",
          false,
          h("p.dim", {}, "For waivers.yaml, below “waivers:”. Fill in why and who."),
          copyable(
            waiverStub(D, rule, waiverResources(D, r), evidence.length ? evidence[0].value : undefined),
            "Waiver",
          ),
        )
      : null,
    h(heading, {}, "Facts"),
    h(
      "dl.about",
      {},
      facts.map(([key, value]) => h("div", {}, h("dt", {}, key), h("dd", {}, value))),
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
