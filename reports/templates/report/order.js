// The order of the list of findings. Dictionaries are ranked once; rows are compared by rank.

/** Gives the rows in the order of a column and its direction: `[by, down]`. The data's own order is by severity. */
const makeOrder = (D) => {
  const natural = Uint32Array.from({ length: D.rowCount }, (_, i) => i);
  const ranks = {};
  const rankOf = (texts) => {
    const places = Uint32Array.from(texts, (_, n) => n).sort((a, b) =>
      texts[a] < texts[b] ? -1 : texts[a] > texts[b] ? 1 : a - b,
    );
    const rank = new Uint32Array(texts.length);
    places.forEach((place, n) => {
      rank[place] = n;
    });
    return rank;
  };
  const keys = {
    message: () => {
      ranks.message ||= rankOf(D.header.messages);
      return (i) => D.rows.rule[i] * 1e6 + ranks.message[D.rows.message[i]];
    },
    resource: () => {
      ranks.name ||= rankOf(D.header.resources.names);
      return (i) => ranks.name[D.rows.resource[i]];
    },
    place: () => {
      ranks.place ||= rankOf(
        D.header.resources.names.map((_, r) => `${D.account(r)} ${D.domainName(r)} ${D.region(r)}`),
      );
      return (i) => ranks.place[D.rows.resource[i]];
    },
    since: () => {
      ranks.since ||= rankOf(D.header.moments);
      return (i) => -ranks.since[D.rows.first_seen[i]];
    },
  };
  return ([by, down]) => {
    let order = natural;
    if (by !== "severity") {
      const values = Float64Array.from(natural, keys[by]());
      order = natural.slice().sort((a, b) => values[a] - values[b] || a - b);
    }
    return down ? order.slice().reverse() : order;
  };
};
