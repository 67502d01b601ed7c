// Reads what auditor/report/html/data.py packed: dictionaries, and columns of small numbers over them.

const WIDTHS = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array };
const MARK = /[\x01-\x06]/g;

const bytesOf = (text) => {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i += 1) bytes[i] = binary.charCodeAt(i);
  return bytes;
};

/** The data, unpacked. Rejects where the browser has no DecompressionStream. */
const unpack = async (text) => {
  const stream = new Blob([bytesOf(text)]).stream().pipeThrough(new DecompressionStream("gzip"));
  const buffer = await new Response(stream).arrayBuffer();
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  return readData(header, buffer, 4 + length);
};

// eslint-disable-next-line max-lines-per-function -- it keeps a state of its own
const readData = (header, buffer, base) => {
  const column = (name) => {
    const [width, offset, count] = header.columns[name];
    return new WIDTHS[width](buffer, base + offset, count);
  };
  const group = (prefix, names) => Object.fromEntries(names.map((name) => [name, column(`${prefix}.${name}`)]));
  const identifiers = (name, given) => {
    if (given) return { at: (i) => given[i], find: (id) => given.indexOf(id) };
    const [width, offset, count] = header.columns[name];
    const raw = new Uint8Array(buffer, base + offset, width * count);
    const at = (i) => {
      let text = "";
      for (let k = i * width; k < (i + 1) * width; k += 1) text += raw[k].toString(16).padStart(2, "0");
      return text;
    };
    const find = (id) => {
      const wanted = (id.match(/../g) || []).map((pair) => parseInt(pair, 16));
      if (wanted.length !== width || wanted.some(Number.isNaN)) return -1;
      for (let i = 0; i < count; i += 1) {
        let k = 0;
        while (k < width && raw[i * width + k] === wanted[k]) k += 1;
        if (k === width) return i;
      }
      return -1;
    };
    return { at, find };
  };

  const D = {
    header,
    rules: header.rules,
    rowCount: header.findings.number,
    causeCount: header.causes.number,
    resourceCount: header.resources.number,
    rows: group("row", [
      "rule",
      "status",
      "severity",
      "state",
      "resource",
      "cause",
      "message",
      "evidence",
      "remediation",
      "waiver",
      "first_seen",
      "last_seen",
      "reason",
      "regressed",
      "gates",
      "deadline",
      "made_by",
    ]),
    causes: group("cause", ["rule", "severity", "resource", "setting", "value", "layer", "affects", "remediation"]),
    resources: group("resource", [
      "type",
      "account",
      "region",
      "owner",
      "arn",
      "id",
      "file",
      "domain",
      "domain_id",
      "line",
      "in_domain",
      "parent",
    ]),
    column,
  };
  const T = header.texts;
  const R = D.resources;

  /** What a stencil cut out is put back. */
  const fill = (text, r, ...own) =>
    text.replace(MARK, (mark) => (own.length ? own : wordsOf(r))[mark.charCodeAt(0) - 1]);
  const wordsOf = (r) => [D.id(r), D.name(r), D.domainId(r), T.domain[R.domain[r]], D.account(r), D.region(r)];
  const fillValue = (value, r) => {
    if (typeof value === "string") return fill(value, r);
    if (Array.isArray(value)) return value.map((v) => fillValue(v, r));
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, fillValue(v, r)]));
    }
    return value;
  };

  const ownWords = new Set(header.own_words);

  Object.assign(D, {
    name: (r) => header.resources.names[r],
    type: (r) => T.type[R.type[r]],
    account: (r) => T.account[R.account[r]],
    /** The account's name before its id, where a run over several knows it. */
    accountLabel: (r) => {
      const name = header.account_names[D.account(r)];
      return name ? `${name} (${D.account(r)})` : D.account(r);
    },
    region: (r) => T.region[R.region[r]],
    /** A template lies in no account: its path stands there, and it has no region. */
    accountWord: header.templates ? "Template" : "Account",
    placeWord: header.templates ? "Template" : "Account, region",
    place: (r) => (header.templates ? D.account(r) : `${D.accountLabel(r)} · ${D.region(r)}`),
    inDomain: (r) => `${D.domainName(r) || "no domain"}${header.templates ? "" : ` · ${D.region(r)}`}`,
    owner: (r) => T.owner[R.owner[r]],
    domainId: (r) => T.domain_id[R.domain_id[r]],
    domainName: (r) => T.domain[R.domain[r]] || T.domain_id[R.domain_id[r]],
    /** The resource of its domain, -1 where that was not seen. */
    domain: (r) => R.in_domain[r] - 1,
    parent: (r) => R.parent[r] - 1,
    id: (r) => fill(T.id[R.id[r]], r, "", header.resources.names[r], T.domain_id[R.domain_id[r]], "", "", ""),
    arn: (r) => fill(T.arn[R.arn[r]], r),
    /** Its page in the AWS console; empty where there is none, as of what a template holds. */
    consolePage: (r) => {
      const [, partition, , region] = D.arn(r).split(":");
      const known = !D.file(r) && Object.hasOwn(header.consoles, partition || "");
      const page = header.console_pages[D.type(r)];
      // A Region becomes part of the host's name: nothing but a Region's name may.
      if (!known || !page || !/^([a-z]+(-[a-z]+)+-\d+)?$/.test(region)) return "";
      const host = header.consoles[partition];
      const words = { region, domain: D.domainId(r), name: D.arn(r).split("/").pop() };
      const path = page.replace(/\{(\w+)\}/g, (_, word) => encodeURIComponent(words[word]));
      return `https://${region ? `${region}.` : ""}${host}${path}`;
    },
    file: (r) => T.file[R.file[r]] + (R.line[r] ? `:${R.line[r]}` : ""),
    key: (r) => `${D.account(r)}/${D.region(r)}/${D.type(r)}/${D.id(r)}`,
    rowId: null,
    causeId: null,
    findRow: null,
    findCause: null,
    rule: (i) => header.rules[D.rows.rule[i]],
    status: (i) => header.statuses[D.rows.status[i]],
    severity: (i) => header.severities[D.rows.severity[i]],
    state: (i) => header.states[D.rows.state[i]],
    message: (i) => fill(header.messages[D.rows.message[i]], D.rows.resource[i]),
    firstSeen: (i) => header.moments[D.rows.first_seen[i]],
    lastSeen: (i) => header.moments[D.rows.last_seen[i]],
    reason: (i) => header.reasons[D.rows.reason[i]],
    /** The event that made a new finding, in words; empty where nobody asked. */
    madeBy: (i) => header.reasons[D.rows.made_by[i]],
    waiver: (i) => (D.rows.waiver[i] ? header.waivers[D.rows.waiver[i] - 1] : null),
    evidence: (i) =>
      header.sets[D.rows.evidence[i]].map((item) => {
        const [setting, value, layer, where, path, place] = header.items[item];
        const r = D.rows.resource[i];
        return {
          setting: header.settings[setting],
          derived: ownWords.has(setting),
          value: fillValue(header.values[value], r),
          layer: header.layers[layer],
          at: where === 0 ? "" : where === 1 ? D.id(r) : where === 2 ? D.domainId(r) : header.places[where - 3],
          path: header.paths[path],
          place: header.places[place],
        };
      }),
    remediation: (code, r) => header.remediations[code].map((text) => fill(text, r)),
    cause: (c) => {
      const r = D.causes.resource[c];
      return {
        id: D.causeId(c),
        rule: header.rules[D.causes.rule[c]],
        severity: header.severities[D.causes.severity[c]],
        resource: r,
        setting: fill(header.settings[D.causes.setting[c]], r),
        value: fillValue(header.values[D.causes.value[c]], r),
        layer: header.layers[D.causes.layer[c]],
        remediation: D.remediation(D.causes.remediation[c], r),
      };
    },
    fill,
  });
  const rowIds = identifiers("row.id", header.findings.ids);
  const causeIds = identifiers("cause.id", header.causes.ids);
  Object.assign(D, { rowId: rowIds.at, findRow: rowIds.find, causeId: causeIds.at, findCause: causeIds.find });

  let byKey = null;
  /** A resource by its key, -1 where there is none. */
  D.findResource = (key) => {
    if (!byKey) {
      byKey = new Map();
      for (let r = 0; r < D.resourceCount; r += 1) byKey.set(D.key(r), r);
    }
    return byKey.has(key) ? byKey.get(key) : -1;
  };
  return D;
};

/** For each of `size` targets the rows that point at it: lists laid end to end, `rowsOf(target)` gives one. */
const indexRows = (codes, size) => {
  const starts = new Uint32Array(size + 1);
  for (let i = 0; i < codes.length; i += 1) starts[codes[i] + 1] += 1;
  for (let k = 0; k < size; k += 1) starts[k + 1] += starts[k];
  const next = starts.slice(0, size);
  const rows = new Uint32Array(codes.length);
  for (let i = 0; i < codes.length; i += 1) {
    rows[next[codes[i]]] = i;
    next[codes[i]] += 1;
  }
  return (target) => rows.subarray(starts[target], starts[target + 1]);
};
