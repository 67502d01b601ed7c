// Filtering: one pass over typed arrays for each change. Words are looked up in the dictionaries, never in the rows.

/** States that are listed unless the reader asks for others: what stands open now. */
const CURRENT = ["", "new", "open", "regressed"];

// eslint-disable-next-line max-lines-per-function -- it keeps a state of its own
const makeFilter = (D) => {
  const { rows, header, rowCount } = D;
  const R = D.resources;
  const ofResource = (codes) => {
    const out = new codes.constructor(rowCount);
    for (let i = 0; i < rowCount; i += 1) out[i] = codes[rows.resource[i]];
    return out;
  };
  const ruleGroups = (lists) => {
    const values = [...new Set(lists.flat())].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
    const places = new Map(values.map((value, n) => [value, n]));
    return { values, groups: lists.map((list) => [...new Set(list)].map((value) => places.get(value))) };
  };
  const practice = ruleGroups(header.rules.map((rule) => rule.practices));
  const framework = ruleGroups(
    header.rules.map((rule) =>
      header.frameworks.flatMap((f) => {
        const own = f.requirements.filter((r) => r.rules.includes(rule.id));
        return own.length ? [f.name, ...own.map((r) => `${f.name}/${r.id}`)] : [];
      }),
    ),
  );
  const area = ruleGroups(header.rules.map((rule) => [rule.area]));
  const T = header.texts;
  const domainNames = new Map();
  const domainsCalled = new Map();
  const domainPlaces = new Map();
  for (let r = 0; r < D.resourceCount; r += 1) {
    domainNames.set(D.domainId(r), D.domainName(r));
    domainPlaces.set(D.domainId(r), D.place(r));
  }
  for (const name of domainNames.values()) domainsCalled.set(name, (domainsCalled.get(name) || 0) + 1);
  /** A domain's name, and where it lies if another is called the same. */
  const domainLabel = (id) => {
    const name = domainNames.get(id) || id;
    return domainsCalled.get(name) > 1 ? `${name} · ${domainPlaces.get(id)}` : name;
  };

  /** `codes` gives a value's place for each row; `groups`, where it is there, the places for each code. */
  /**
   * What can be chosen: `codes` has the number of its value for each row.
   * @type {any[]}
   */
  const facets = [
    { name: "severity", label: "Severity", values: header.severities, codes: rows.severity },
    {
      name: "state",
      label: "Since the last run",
      values: header.states,
      codes: rows.state,
      show: (v) => STATE_WORDS[v],
      base: CURRENT,
    },
    { name: "status", label: "Verdict", values: header.statuses, codes: rows.status },
    {
      name: "rule",
      label: "Rule",
      values: header.rules.map((r) => r.id),
      codes: rows.rule,
      show: (v, n) => `${v} ${words(header.rules[n].name).replaceAll("-", " ")}`,
    },
    { name: "area", label: "Area", values: area.values, codes: rows.rule, groups: area.groups },
    {
      name: "gates",
      label: "Gate",
      values: ["no", "yes"],
      codes: rows.gates,
      show: (v) => (v === "yes" ? "fails the run" : "does not fail the run"),
    },
    {
      name: "deadline",
      label: "Deadline",
      values: header.deadlines,
      codes: rows.deadline,
      show: (v) => words(v) || "no limit",
    },
    { name: "practice", label: "Practice", values: practice.values, codes: rows.rule, groups: practice.groups },
    { name: "framework", label: "Framework", values: framework.values, codes: rows.rule, groups: framework.groups },
    {
      name: "account",
      label: D.accountWord,
      values: T.account,
      codes: ofResource(R.account),
      show: (v) => (header.account_names[v] ? `${header.account_names[v]} (${v})` : v),
    },
    ...(header.templates ? [] : [{ name: "region", label: "Region", values: T.region, codes: ofResource(R.region) }]),
    {
      name: "domain",
      label: "Domain",
      values: T.domain_id,
      codes: ofResource(R.domain_id),
      show: (v) => (v === "" ? "outside domains" : domainLabel(v)),
      none: "none",
    },
    {
      name: "owner",
      label: "Owner tag",
      values: T.owner,
      codes: ofResource(R.owner),
      show: (v) => v || "no owner tag",
      none: "none",
    },
    { name: "type", label: "Type", values: T.type, codes: ofResource(R.type), show: words },
  ];
  for (const facet of facets) {
    facet.show = facet.show || ((v) => v);
    // An address says "none" for the empty value.
    facet.toAddress = (n) => facet.values[n] || facet.none || "none";
    facet.fromAddress = (text) => facet.values.findIndex((v, n) => facet.toAddress(n) === text);
  }

  const lower = {};
  const haystacks = () => {
    if (lower.resources) return;
    const { names } = header.resources;
    lower.resources = new Array(D.resourceCount);
    for (let r = 0; r < D.resourceCount; r += 1) {
      const told = ["domain", "domain_id", "region", "owner"].map((column) => T[column][R[column][r]]);
      told.push(D.accountLabel(r));
      lower.resources[r] = [names[r], ...told, words(T.type[R.type[r]]), T.file[R.file[r]]].join("\n").toLowerCase();
    }
    lower.messages = header.messages.map((m) => m.toLowerCase());
    lower.rules = header.rules.map((r) => `${r.id}\n${r.name}\n${r.title}\n${r.practices.join("\n")}`.toLowerCase());
    const values = header.values.map((v) => plainValue(v).toLowerCase());
    const items = header.items.map(([setting, value, layer, , path]) =>
      `${header.settings[setting]}\n${values[value]}\n${header.layers[layer]}\n${header.paths[path]}`.toLowerCase(),
    );
    lower.sets = header.sets.map((set) => set.map((item) => items[item]).join("\n"));
  };
  const hits = (texts, word) => {
    const out = new Uint8Array(texts.length);
    for (let n = 0; n < texts.length; n += 1) out[n] = texts[n].includes(word) ? 1 : 0;
    return out;
  };
  const remembered = new Map();
  const lookUp = (word) => {
    let found = remembered.get(word);
    if (!found) {
      haystacks();
      found = [
        hits(lower.resources, word),
        hits(lower.messages, word),
        hits(lower.rules, word),
        hits(lower.sets, word),
      ];
      remembered.set(word, found);
      if (remembered.size > 24) remembered.delete(remembered.keys().next().value);
    }
    return found;
  };
  const masks = (facet, chosen) => {
    if (!chosen.size && !facet.base) return null;
    const wanted = chosen.size ? chosen : new Set(facet.base.map((v) => facet.values.indexOf(v)));
    const size = facet.groups ? facet.groups.length : facet.values.length;
    const mask = new Uint8Array(size);
    for (let code = 0; code < size; code += 1) {
      mask[code] = facet.groups ? +facet.groups[code].some((g) => wanted.has(g)) : +wanted.has(code);
    }
    return mask;
  };

  /**
   * `chosen`: facet name → Set of places; `q`: words that must all occur; `order`: rows in the order to list them.
   * Gives the rows that fit, and for each facet how many rows each value would give beside the other filters.
   */
  const run = (q, chosen, order) => {
    const found = q.toLowerCase().split(/\s+/).filter(Boolean).map(lookUp);
    const active = facets.map((facet) => masks(facet, chosen[facet.name]));
    const checks = facets.flatMap((facet, n) => (active[n] ? [[n, facet.codes, active[n]]] : []));
    const counts = facets.map((f) => new Uint32Array(f.groups ? f.groups.length : f.values.length));
    const codes = facets.map((f) => f.codes);
    const kept = new Uint32Array(rowCount);
    let size = 0;
    for (let k = 0; k < rowCount; k += 1) {
      const i = order[k];
      let fits = true;
      for (const [inResource, inMessage, inRule, inSet] of found) {
        if (!(
          inResource[rows.resource[i]] ||
          inMessage[rows.message[i]] ||
          inRule[rows.rule[i]] ||
          inSet[rows.evidence[i]]
        )) {
          fits = false;
          break;
        }
      }
      if (!fits) continue;
      let failing = -1;
      for (const [n, own, mask] of checks) {
        if (!mask[own[i]]) {
          if (failing >= 0) {
            fits = false;
            break;
          }
          failing = n;
        }
      }
      if (!fits) continue;
      if (failing >= 0) {
        counts[failing][codes[failing][i]] += 1;
        continue;
      }
      kept[size] = i;
      size += 1;
      for (let n = 0; n < codes.length; n += 1) counts[n][codes[n][i]] += 1;
    }
    const totals = facets.map((facet, n) => {
      if (!facet.groups) return counts[n];
      const sums = new Uint32Array(facet.values.length);
      counts[n].forEach((count, code) => {
        for (const g of facet.groups[code]) sums[g] += count;
      });
      return sums;
    });
    return { rows: kept.subarray(0, size), totals };
  };

  /** Resources whose name has all the words, a few, those with the most findings first. */
  const people = (q, limit, weight) => {
    const parts = q.toLowerCase().split(/\s+/).filter(Boolean);
    if (!parts.length || parts.join("").length < 2) return [];
    const { names } = header.resources;
    const found = [];
    for (let r = 0; r < names.length && found.length < 500; r += 1) {
      const name = names[r].toLowerCase();
      if (parts.every((p) => name.includes(p))) found.push(r);
    }
    return found.sort((a, b) => weight(b) - weight(a) || a - b).slice(0, limit);
  };

  return { facets, run, people, haystacks };
};
