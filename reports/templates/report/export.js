// What leaves the page: rows as CSV, and the beginning of a waiver.

const CSV_COLUMNS = [
  "fingerprint",
  "rule",
  "name",
  "title",
  "status",
  "severity",
  "state",
  "first_seen",
  "regressed",
  "gates",
  "account",
  "region",
  "domain_id",
  "domain_name",
  "resource_type",
  "resource_id",
  "resource_name",
  "arn",
  "file",
  "owner",
  "message",
  "evidence",
  "root_cause",
  "command",
  "waiver_reason",
  "waiver_owner",
  "waiver_expires",
  "waiver_ticket",
];
/** What makes a spreadsheet take a cell for a formula, full-width signs included. */
const FORMULA = /^ *[=+\-@\t\r\n＝＋－＠]/;

/** A cell that every spreadsheet takes for text. */
const csvCell = (value) => {
  // Characters that steer a display could hide what a cell says; after ; a spreadsheet may begin another cell.
  let text = String(value)
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "\ufffd")
    .replace(/(;\s*)(?=[=+\-@＝＋－＠])/g, "$1'");
  if (FORMULA.test(text)) text = `'${text}`;
  return `"${text.replaceAll('"', '""')}"`;
};

const csvOf = (D, rows) => {
  const lines = [CSV_COLUMNS.map(csvCell).join(",")];
  for (const i of rows) {
    const r = D.rows.resource[i];
    const rule = D.rule(i);
    const waiver = D.waiver(i) || { reason: "", owner: "", expires: "", ticket: "" };
    const evidence = D.evidence(i)
      .map((e) => `${e.setting} = ${plainValue(e.value)} (${layerWords(e.layer, D.type(r))})`)
      .join("; ");
    lines.push(
      [
        D.rowId(i),
        rule.id,
        rule.name,
        rule.title,
        D.status(i),
        D.severity(i),
        D.state(i),
        D.firstSeen(i),
        D.rows.regressed[i],
        D.rows.gates[i] ? "yes" : "no",
        D.account(r),
        D.region(r),
        D.domainId(r),
        D.domainName(r),
        D.type(r),
        D.id(r),
        D.name(r),
        D.arn(r),
        D.file(r),
        D.owner(r),
        D.message(i),
        evidence,
        D.rows.cause[i] ? D.causeId(D.rows.cause[i] - 1) : "",
        D.remediation(D.rows.remediation[i], r)[1],
        waiver.reason,
        waiver.owner,
        waiver.expires,
        waiver.ticket,
      ]
        .map(csvCell)
        .join(","),
    );
  }
  return `${lines.join("\r\n")}\r\n`;
};

/** A text as YAML reads it, whatever is in it: double quotes, and nothing outside ASCII but as an escape. */
const yamlText = (text) => {
  let out = "";
  for (const c of text) {
    const code = c.codePointAt(0);
    if (c === '"' || c === "\\") out += `\\${c}`;
    else if (code >= 0x20 && code < 0x7f) out += c;
    else if (code > 0xffff) out += `\\U${code.toString(16).padStart(8, "0")}`;
    else out += `\\u${code.toString(16).padStart(4, "0")}`;
  }
  return `"${out}"`;
};
const yamlValue = (value) => {
  if (value === null || value === undefined) return "null";
  if (typeof value === "string") return yamlText(value);
  if (Array.isArray(value)) return `[${value.map(yamlValue).join(", ")}]`;
  if (typeof value === "object")
    return `{${Object.entries(value)
      .map(([k, v]) => `${yamlText(k)}: ${yamlValue(v)}`)
      .join(", ")}}`;
  return String(value);
};

/** An entry for waivers.yaml. Reason and owner stay empty: without them it is refused, and somebody must answer. */
const waiverStub = (D, rule, resources, value) => {
  const until = new Date(D.header.as_of);
  until.setUTCDate(until.getUTCDate() + 90);
  return [
    `- rules: [${rule.id}]`,
    "  resources:",
    ...Object.entries(resources)
      .filter(([, text]) => text)
      .map(([key, text]) => `    ${key}: ${yamlText(text)}`),
    `  reason: ""  # why it is accepted`,
    `  owner: ""  # who is responsible for it`,
    `  ticket: ""  # where it was decided; leave the line out if nowhere`,
    `  expires: ${until.toISOString().slice(0, 10)}`,
    ...(value === undefined
      ? []
      : [`  value: ${yamlValue(value)}  # any other value voids it; leave the line out to accept all`]),
    "",
  ].join("\n");
};
const waiverResources = (D, r) => ({
  type: D.type(r),
  account: D.account(r),
  region: D.region(r),
  domain: D.domainId(r),
  name: D.name(r),
});
