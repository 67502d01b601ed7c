(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("scripted");

  // Light and dark: the system's choice until the reader makes one.
  const stored = (() => { try { return localStorage.getItem("theme"); } catch { return null; } })();
  if (stored === "light" || stored === "dark") root.dataset.theme = stored;
  document.getElementById("theme").addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    try { localStorage.setItem("theme", root.dataset.theme); } catch { /* a page from a file may have no storage */ }
  });

  // Copy buttons.
  const copy = async (text) => {
    try { await navigator.clipboard.writeText(text); return true; } catch { /* refused: the old way */ }
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  };
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button.copy");
    if (!button) return;
    const done = await copy(button.parentElement.querySelector("pre").textContent);
    button.textContent = done ? "Copied" : "Select and copy";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });

  // Printing shows everything.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const d of closed) d.open = true;
  });
  addEventListener("afterprint", () => { for (const d of closed) d.open = false; });

  // A link into a folded part unfolds it.
  const reveal = () => {
    if (location.hash.includes("=")) return;
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let e = target; e; e = e.parentElement) { if (e.tagName === "DETAILS") e.open = true; e.hidden = false; }
    target.scrollIntoView({ block: target.tagName === "TR" ? "center" : "start" });
  };
  addEventListener("hashchange", reveal);

  const form = document.getElementById("filters");
  if (!form) { reveal(); return; }

  const box = document.getElementById("q");
  const status = document.getElementById("shown");
  const nothing = document.getElementById("nothing");
  const FIELDS = { severity: "s", status: "v", rule: "r", type: "t", domain: "d", account: "a", region: "g" };
  const items = [...document.querySelectorAll("[data-s]")].map((element) => ({
    element,
    data: { ...element.dataset },
    text: (element.textContent + " " + element.dataset.r).toLowerCase(),
    row: element.tagName === "TR",
  }));
  const findings = items.filter((item) => item.row);
  const groups = [...document.querySelectorAll("details.rule .cause, details.rule, tr[data-f=resource], details.domain")];

  const read = () => {
    const wanted = { q: box.value.trim().toLowerCase() };
    for (const name of Object.keys(FIELDS)) {
      const fields = [...form.querySelectorAll(`[name=${name}]`)];
      wanted[name] = fields.filter((f) => (f.type === "checkbox" ? f.checked : f.value)).map((f) => f.value);
    }
    return wanted;
  };
  const remember = (wanted) => {
    const state = new URLSearchParams();
    if (wanted.q) state.set("q", wanted.q);
    for (const name of Object.keys(FIELDS)) if (wanted[name].length) state.set(name, wanted[name].join(","));
    const text = state.toString();
    history.replaceState(null, "", text ? "#" + text : location.pathname + location.search);
  };
  const apply = (keep) => {
    const wanted = read();
    const words = wanted.q.split(/\s+/).filter(Boolean);
    const fields = Object.keys(FIELDS).filter((name) => wanted[name].length);
    let shown = 0;
    for (const item of items) {
      const fits = fields.every((name) => wanted[name].includes(item.data[FIELDS[name]]))
        && words.every((word) => item.text.includes(word));
      if (item.element.hidden === fits) item.element.hidden = !fits;
      if (fits && item.row) shown += 1;
    }
    for (const group of groups) group.hidden = !group.querySelector("[data-s]:not([hidden])");
    // Few enough to read: show them at once instead of behind their rules' titles.
    if (shown <= 100 && shown < findings.length) {
      for (const rule of document.querySelectorAll("details.rule:not([hidden])")) rule.open = true;
    }
    nothing.hidden = shown > 0;
    status.textContent = shown === findings.length
      ? `${shown.toLocaleString("en")} findings`
      : `${shown.toLocaleString("en")} of ${findings.length.toLocaleString("en")} findings`;
    if (!keep) remember(wanted);
  };
  const restore = () => {
    if (!location.hash.includes("=")) return;
    const state = new URLSearchParams(location.hash.slice(1));
    box.value = state.get("q") || "";
    for (const name of Object.keys(FIELDS)) {
      const values = (state.get(name) || "").split(",").filter(Boolean);
      for (const f of form.querySelectorAll(`[name=${name}]`)) {
        if (f.type === "checkbox") f.checked = values.includes(f.value); else f.value = values[0] || "";
      }
    }
  };
  let waiting = 0;
  form.addEventListener("input", () => { cancelAnimationFrame(waiting); waiting = requestAnimationFrame(() => apply(false)); });
  form.addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("clear").addEventListener("click", () => { form.reset(); apply(false); box.focus(); });
  document.getElementById("unfold").addEventListener("click", (event) => {
    const rules = [...document.querySelectorAll("details.rule, details.domain")];
    const open = rules.some((d) => !d.open);
    for (const d of rules) d.open = open;
    event.target.textContent = open ? "Close all" : "Open all";
  });
  addEventListener("keydown", (event) => {
    if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) { event.preventDefault(); box.focus(); }
    if (event.key === "Escape" && document.activeElement === box) { form.reset(); apply(false); }
  });
  addEventListener("hashchange", () => { if (location.hash.includes("=")) { restore(); apply(true); } });
  restore();
  apply(true);
  reveal();
})();
