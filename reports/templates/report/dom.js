// Elements, words and small parts that every view uses. No text ever becomes markup.

/**
 * An element: h("a.strong", { href: "#x" }, "text", child, …). Null, undefined and false children are left out.
 * @param {string} tag name and classes, with dots between
 * @param {Record<string, any> | null} props attributes, and listeners under on…
 * @param {...any} children texts, elements, lists of them
 * @returns {any} the element, of the kind that its name says
 */
const h = (tag, props, ...children) => {
  const [name, ...classes] = tag.split(".");
  const element = document.createElement(name || "div");
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(props || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false));
  return element;
};

/**
 * An element of an inline drawing.
 * @param {string} tag
 * @param {Record<string, string>} props
 * @param {...(string | Node)} children
 * @returns {SVGElement}
 */
const s = (tag, props, ...children) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(props)) element.setAttribute(key, value);
  element.append(...children);
  return element;
};

/**
 * An element that the page has.
 * @param {string} id
 * @returns {HTMLElement}
 */
const $ = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
/** @param {number} n */
const number = (n) => n.toLocaleString("en");
/** @type {(n: number, one: string, many?: string) => string} */
const plural = (n, one, many) => `${number(n)} ${n === 1 ? one : many || `${one}s`}`;
/** @param {string} text */
const words = (text) => text.replaceAll("_", " ");
/** @param {string} moment */
const day = (moment) => moment.slice(0, 10);
/** @param {string} moment */
const minute = (moment) => `${moment.slice(0, 16).replace("T", " ")} UTC`;
/**
 * Part of an address behind #. Slashes and colons stay, so that a key can be read.
 * @param {string} text
 */
const segment = (text) => encodeURIComponent(text).replaceAll("%2F", "/").replaceAll("%3A", ":");

const STATE_WORDS = {
  "": "not compared",
  new: "new",
  open: "open",
  regressed: "back again",
  waived: "waived",
  resolved: "resolved",
  not_assessed: "no longer assessed",
  carried_over: "carried over",
};
const LAYER_WORDS = {
  profile: "set on the profile",
  domain: "inherited from the domain",
  space: "set on the space",
  app: "set on the app",
  service: "AWS’s default",
  derived: "derived",
  ambiguous: "not settled by AWS’s documentation",
  unknown: "unknown",
};
const layerWords = (layer, type) =>
  layer === "domain" && type === "domain" ? "set on the domain" : LAYER_WORDS[layer] || layer;

/** A path or a name that may break after its dots, underscores and slashes rather than anywhere. */
const breakable = (text) =>
  String(text)
    .split(/(?<=[._/:])/)
    .flatMap((part, n) => (n ? [document.createElement("wbr"), part] : [part]));
/**
 * AWS’s own name of a setting: its path without the structure that only says whose it is. A derived value has none: the
 * words of our column.
 */
const settingName = (name, path, derived) =>
  path && !derived ? path.replace(/^(Default)?(User|Space)Settings\.|^DomainSettings\./, "") : words(name);
/** What a cause is about: AWS’s path, or the words of our column. */
const causeName = (setting) => (/^[a-z_]+$/.test(setting) ? words(setting) : setting);
const code = (text) => h("code", {}, breakable(text));

const badge = (name, label) => h(`span.badge.${name}`, {}, label || words(name));

/** A value as people read it; what is unknown, not set or empty is said in words. */
const shownValue = (value) => {
  if (value === null || value === undefined) return h("em.open", {}, "unknown");
  if (value === "") return h("em", {}, "not set");
  if (Array.isArray(value)) {
    return value.length
      ? h(
          "span.values",
          {},
          value.map((v) => code(plainValue(v))),
        )
      : h("em", {}, "none");
  }
  if (typeof value === "object") {
    const entries = Object.entries(value);
    return entries.length
      ? h(
          "span.values",
          {},
          entries.map(([k, v]) => code(`${k}=${plainValue(v)}`)),
        )
      : h("em", {}, "none");
  }
  return code(plainValue(value));
};

/** The same as one line of text. */
const plainValue = (value) => {
  if (value === null || value === undefined) return "unknown";
  if (value === "") return "not set";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value)) return value.map(plainValue).join(", ") || "none";
  if (typeof value === "object")
    return Object.entries(value)
      .map(([k, v]) => `${k}=${plainValue(v)}`)
      .join(", ");
  return String(value);
};

/** @type {number | ReturnType<typeof setTimeout>} */
let saying = 0;
/** Announce to a screen reader; said late, so that typing is not talked over. */
const say = (text) => {
  clearTimeout(saying);
  saying = setTimeout(() => {
    $("said").textContent = text;
  }, 400);
};

const toClipboard = async (text) => {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    /* refused on a page from a file: the old way */
  }
  const area = h("textarea", { class: "off", "aria-hidden": "true" });
  area.value = text;
  document.body.append(area);
  const focused = document.activeElement;
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return done;
};

const copyButton = (text, label = "Copy") => {
  const button = h("button.copy", { type: "button" }, label);
  button.addEventListener("click", async () => {
    const done = await toClipboard(typeof text === "function" ? text() : text);
    button.textContent = done ? "Copied" : "Select it and copy";
    say(button.textContent);
    setTimeout(() => {
      button.textContent = label;
    }, 1600);
  });
  return button;
};

const copyable = (text, what) =>
  h("div.copyable", {}, h("pre", { tabindex: "0", "aria-label": what }, h("code", {}, text)), copyButton(text));

const fold = (title, open, ...children) => h("details.fold", { open }, h("summary", {}, title), ...children);

/**
 * A table in a region that scrolls, so that a narrow screen shows all of it.
 * @param {string} label what the region is called
 * @param {(string | [string, string])[]} heads of the columns; ["th.num", text] for numbers
 * @param {any[]} rows elements of kind tr
 * @param {string} [tag]
 */
const tableOf = (label, heads, rows, tag = "table.list") => {
  const head = heads.map((one) => (typeof one === "string" ? ["th", one] : one));
  const titles = head.map(([name, text]) => h(name, { scope: "col" }, text));
  return h(
    "div.scroll",
    { tabindex: "0", role: "region", "aria-label": label },
    h(tag, {}, h("thead", {}, h("tr", {}, titles)), h("tbody", {}, rows)),
  );
};

/** Hand a text to the reader as a file. */
const download = (name, type, text) => {
  const link = h("a", { href: URL.createObjectURL(new Blob([text], { type })), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
};

/** References come from rule files: only https is a link. */
const outside = (url) =>
  url.startsWith("https://")
    ? h("a", { href: url, rel: "noopener noreferrer" }, url.slice("https://".length))
    : h("span", {}, url);
