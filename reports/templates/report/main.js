// Views and their addresses, the keyboard, light and dark; and the beginning of it all.

const decoded = (text) => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
const kept = {
  get: (name) => {
    try {
      return localStorage.getItem(name);
    } catch {
      return null;
    }
  },
  // A page from a file may have no storage.
  set: (name, value) => {
    try {
      localStorage.setItem(name, value);
    } catch {
      /* then it lasts as long as the page */
    }
  },
};

const root = document.documentElement;
root.classList.add("scripted");
const theme = kept.get("theme");
if (theme === "light" || theme === "dark") root.dataset.theme = theme;
$("theme").addEventListener("click", () => {
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  kept.set("theme", root.dataset.theme);
});
/** @param {Event} event */
const clicked = (event) => /** @type {Element} */ (event.target);
document.addEventListener("click", (event) => {
  // Copy buttons that the server wrote.
  const button = clicked(event).closest(".plain button.copy, .command button.copy");
  if (button)
    toClipboard(button.parentElement?.querySelector("pre")?.textContent).then((done) => {
      button.textContent = done ? "Copied" : "Select it and copy";
    });
});

/** What findings say about causes, rules and resources, counted once. */
const makeIndex = (D) => {
  const byCause = indexRows(D.rows.cause, D.causeCount + 1);
  const open = new Uint32Array(D.causeCount);
  const fresh = new Uint32Array(D.causeCount);
  const byDomain = new Map();
  for (let i = 0; i < D.rowCount; i += 1) {
    if (!standing(D, i)) continue;
    const c = D.rows.cause[i] - 1;
    if (c >= 0) {
      open[c] += 1;
      if (isNew(D, i)) fresh[c] += 1;
    }
    const domain = D.domain(D.rows.resource[i]);
    if (!byDomain.has(domain)) byDomain.set(domain, new Array(D.header.severities.length).fill(0));
    byDomain.get(domain)[D.rows.severity[i]] += 1;
  }
  const causesAt = indexRows(D.causes.resource, D.resourceCount);
  return {
    byCause,
    open,
    fresh,
    causesAt,
    byRule: indexRows(D.rows.rule, D.rules.length),
    causesOfRule: indexRows(D.causes.rule, D.rules.length),
    byResource: indexRows(D.rows.resource, D.resourceCount),
    domainCounts: (r) => byDomain.get(r) || new Array(D.header.severities.length).fill(0),
  };
};

/** @type {HTMLElement[]} */
const views = [...document.querySelectorAll("main > .view")].map((view) => /** @type {HTMLElement} */ (view));
const staticViews = new Set(views.filter((v) => !v.classList.contains("js")).map((v) => v.id));
const baseTitle = document.title;
/** Where the reader is. The address follows a moment later: browsers refuse more than a few changes a second. */
const place = {
  /** @type {string | null} */
  wanted: null,
  /** @type {number | ReturnType<typeof setTimeout>} */
  timer: 0,
  replace: (hash) => {
    place.wanted = hash;
    clearTimeout(place.timer);
    place.timer = setTimeout(place.settle, 200);
  },
  settle: () => {
    clearTimeout(place.timer);
    if (place.wanted !== null && place.wanted !== location.hash) history.replaceState(history.state, "", place.wanted);
    place.wanted = null;
  },
  /** Remember how far the reader had scrolled, for when they come back. */
  leave: () => {
    place.settle();
    history.replaceState({ top: scrollY }, "");
  },
  go: (hash) => {
    place.leave();
    location.hash = hash;
  },
  push: (hash) => {
    place.leave();
    history.pushState(null, "", hash);
    route(false);
  },
};
addEventListener("pagehide", place.settle);
document.addEventListener("click", (event) => {
  const link = clicked(event).closest("a[href^='#']");
  if (link && !event.defaultPrevented && !event.ctrlKey && !event.metaKey && !link.classList.contains("skip"))
    place.leave();
});
/** What the page is made of, once the data is unpacked. @type {any} */
let App = null;
/** The list that the keys move in. @type {any} */
let currentList = null;

const showView = (id, name) => {
  for (const view of views) view.hidden = view.id !== id;
  document.title = name ? `${name} · ${baseTitle}` : baseTitle;
};
const mark = (section) => {
  for (const link of document.querySelectorAll(".top nav a")) {
    if (link.getAttribute("href") === `#${section}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
};
/** Parts that the navigation has under another one. */
const PART_OF = { consistency: "domains", costs: "causes" };
const SECTION_OF = { rule: "rules", cause: "causes", resource: "resources", finding: "findings" };

/** Show what the address says. `focus`: the reader followed a link, so the title takes the focus. */
const route = (focus) => {
  const [path, parameters = ""] = location.hash.slice(1).split(/\?(.*)/s);
  const [section, argument = ""] = path.split(/\/(.*)/s);
  const top = history.state && history.state.top;
  currentList = null;
  document.body.classList.remove("with-drawer");
  if (argument && SECTION_OF[section] && App) {
    const { D, index, inventory } = App;
    const id = decoded(argument);
    const made = {
      rule: () => rulePage(D, id, index),
      cause: () => causePage(D, id, index),
      resource: () => resourcePage(D, id, index, inventory),
      finding: () => findingPage(D, id),
    }[section]();
    $("page").replaceChildren(...made.content.flat(Infinity).filter(Boolean));
    showView("page", made.name || "Not in this page");
    mark(SECTION_OF[section]);
    if (made.start) made.start();
    currentList = made.list || null;
  } else {
    const known = $(section) && views.includes($(section)) && (App || staticViews.has(section)) ? section : "overview";
    showView(known, known === "overview" ? "" : $(known).querySelector("h1")?.textContent);
    mark(PART_OF[known] || known);
    if (App && known === "findings") {
      App.findings.restore(parameters);
      currentList = App.findings.list;
    }
    if (App && App.lists[known]) {
      const q = new URLSearchParams(parameters).get("q") || "";
      App.lists[known].start(q);
      currentList = App.lists[known].list;
    }
  }
  scrollTo(0, top || 0);
  if (currentList) currentList.later();
  if (focus) {
    const heading = /** @type {HTMLElement | null} */ (document.querySelector("main > .view:not([hidden]) h1"));
    if (heading) {
      heading.setAttribute("tabindex", "-1");
      heading.focus({ preventScroll: true });
    }
  }
};

// Keys
const KEYS = [
  ["/", "Search the findings"],
  ["j or ↓, k or ↑", "Next, previous row"],
  ["Enter", "Open the row"],
  ["Esc", "Close the finding, leave the search"],
  ["?", "This help"],
];
const makeHelp = () => {
  const single = h("input", { type: "checkbox", checked: kept.get("keys") !== "off" });
  single.addEventListener("change", () => kept.set("keys", single.checked ? "on" : "off"));
  const dialog = h(
    "dialog",
    { "aria-labelledby": "help-title" },
    h("h2", { id: "help-title" }, "Keyboard and help"),
    h(
      "table.list",
      {},
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Key"), h("th", { scope: "col" }, "Does"))),
      h(
        "tbody",
        {},
        KEYS.map(([key, text]) => h("tr", {}, h("th", { scope: "row" }, h("kbd", {}, key)), h("td", {}, text))),
      ),
    ),
    h("p", {}, h("label.check", {}, single, " Enable single-key shortcuts")),
    h(
      "p.dim",
      {},
      "Search finds rows that contain all words, in names, messages, rules, settings and values. Values of one ",
      "filter add rows, further filters remove rows. The address holds the view: copy it to send it to a colleague ",
      "who has the same file.",
    ),
    h("form", { method: "dialog" }, h("button", {}, "Close")),
  );
  document.body.append(dialog);
  return { open: () => dialog.showModal(), single: () => single.checked, shown: () => dialog.open };
};
const help = makeHelp();
const search = /** @type {HTMLInputElement} */ ($("q"));
$("help").addEventListener("click", () => help.open());
const inField = (e) =>
  e && ((/^(INPUT|SELECT|TEXTAREA)$/.test(e.tagName) && e.type !== "checkbox") || e.isContentEditable);

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || help.shown()) return;
  const active = /** @type {HTMLElement | null} */ (document.activeElement);
  const field = inField(active);
  const drawer = App && App.findings.drawer;
  if (event.key === "Escape") {
    if (drawer && drawer.row >= 0) {
      event.preventDefault();
      drawer.close();
    } else if (active === search && App) {
      if (search.value) App.findings.clearSearch();
      else active?.blur();
    }
    return;
  }
  if (field && active === search && event.key === "ArrowDown" && currentList) {
    event.preventDefault();
    currentList.move(currentList.current < 0 ? 1 : 0);
    return;
  }
  if (field) return;
  const single = help.single();
  if (event.key === "/" && single) {
    event.preventDefault();
    if (App && $("findings").hidden && !$("resources").hidden) App.lists.resources.box.focus();
    else search.focus();
    search.select();
  } else if (event.key === "?" && single) {
    event.preventDefault();
    help.open();
  } else if (currentList) {
    const inList = active && active.closest(".vt, .drawer");
    const by =
      (event.key === "j" && single) || (event.key === "ArrowDown" && inList)
        ? 1
        : (event.key === "k" && single) || (event.key === "ArrowUp" && inList)
          ? -1
          : 0;
    if (!by) return;
    event.preventDefault();
    currentList.move(by);
    if (drawer && drawer.row >= 0 && currentList === App.findings.list) App.findings.openAt(currentList.current, false);
  }
});

addEventListener("hashchange", () => {
  clearTimeout(place.timer);
  place.wanted = null;
  if (location.hash !== "#main") route(true);
});

// Begin. The first screen is there already; the data follows.
history.scrollRestoration = "manual";
route(false);
const begin = async () => {
  const block = $("data");
  const D = await unpack((block.textContent || "").trim());
  block.remove();
  const index = makeIndex(D);
  const inventory = makeInventory(D);
  const lists = { causes: causesView(D, index), domains: domainsView(D, index), resources: resourcesView(D, index) };
  for (const [name, list] of Object.entries(lists))
    ($(name).querySelector("[data-list]") || $(name)).append(list.element);
  App = { D, index, inventory, lists, findings: makeFindings(D) };
  // What stood in for the lists has done its duty.
  for (const element of document.querySelectorAll("#causes > .plain, #domains > .plain")) element.remove();
  root.classList.add("ready");
  if (location.hash) route(false);
  // Search is made ready while nobody waits for it.
  (window.requestIdleCallback || setTimeout)(() => App.findings.filter.haystacks());
};
begin().catch((problem) => {
  root.classList.remove("scripted");
  $("problem").hidden = false;
  $("problem").textContent =
    `The list of findings could not be unpacked (${problem.message}). This needs a browser of 2023 or later; ` +
    "the first screen, causes and rules are below, report.json holds everything.";
});
