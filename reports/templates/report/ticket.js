// A finding as a ticket: Markdown to paste into an issue tracker. Text of the account is shown there, and nothing more.

/** One line without what an issue tracker would turn into a link, a mention or markup. */
const ticketText = (text) =>
  String(text)
    .replace(/\s+/g, " ")
    .trim()
    .replace(/@|#(?=\w)|:(?=\/\/)|\bGH(?=-\d)|\bwww(?=\.)|\bmailto(?=:)|\bxmpp(?=:)/gi, "$&\u2060")
    .replace(/[\\`*_{}[\]()<>#!|~$&]/g, "\\$&");

/** A fenced block whose fence is longer than any in it. */
const ticketBlock = (text, language = "") => {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
};

/** The ticket of one finding. */
const ticket = (D, i) => {
  const r = D.rows.resource[i];
  const rule = D.rule(i);
  const remediation = D.rows.remediation[i] ? D.remediation(D.rows.remediation[i], r) : [];
  const [steps, aws, cloudformation, terraform, note] = remediation;
  const facts = [
    ["Severity", D.severity(i)],
    ["Rule", `${rule.id} ${rule.title}`],
    ["Resource", `${D.name(r)} (${words(D.type(r))})`],
    ["Domain", D.domainName(r)],
    [D.placeWord, D.place(r)],
    ["ARN", D.arn(r)],
    ["File", D.file(r)],
    ["First seen", D.firstSeen(i) ? minute(D.firstSeen(i)) : ""],
    ["Fingerprint", D.rowId(i)],
  ];
  const evidence = D.evidence(i).map((e) => {
    const name = ticketText(settingName(e.setting, e.path, e.derived));
    return `- ${name}: ${ticketText(plainValue(e.value))} (${layerWords(e.layer, D.type(r))})`;
  });
  const parts = [
    `## ${ticketText(`${rule.id}: ${D.message(i)}`)}`,
    facts
      .filter(([, value]) => value)
      .map(([name, value]) => `- ${name}: ${ticketText(value)}`)
      .join("\n"),
    `### Why it matters\n\n${ticketText(rule.why)}`,
    evidence.length ? `### Evidence\n\n${evidence.join("\n")}` : "",
    steps || aws || cloudformation || terraform ? "### Remediation" : "",
    steps ? ticketText(steps) : "",
    note ? ticketText(note) : "",
    aws ? ticketBlock(aws, "sh") : "",
    aws || !cloudformation ? "" : ticketBlock(cloudformation, "yaml"),
    aws || cloudformation || !terraform ? "" : ticketBlock(terraform, "hcl"),
  ];
  return `${parts.filter(Boolean).join("\n\n")}\n`;
};
