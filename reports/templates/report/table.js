// A list of any length: only the rows on the screen are in the document. Rows have one height, which is measured.

const OVERSCAN = 8;
/** Rows that are printed; a longer list is what CSV is for. */
const PRINTED = 500;

/** @param {{ kind: string }} column */
const cellTag = (column) => `div.vt-cell.c-${column.kind}`;

/**
 * `columns`: { label, kind, sort } each; `row(i)`: the cells of the i-th row; `open(i)`: what Enter or a click does.
 * Gives { element, show(count), redraw(), move(step), current, ... }.
 * @param {{
 *   label: string, kind: string, columns: { label: string, kind: string, sort?: string }[], row: (i: number) => any[],
 *   open: (i: number) => void, sorted?: () => [string, boolean], onSort?: (by: string) => void,
 * }} options
 */
// eslint-disable-next-line max-lines-per-function -- it keeps a state of its own
const virtualTable = ({ label, kind, columns, row, open, sorted, onSort }) => {
  const head = h("div.vt-head", { role: "rowgroup" });
  const body = h("div.vt-body", { role: "rowgroup" });
  const element = h(
    `div.vt.${kind}`,
    { role: "table", "aria-label": label, "aria-colcount": columns.length },
    head,
    body,
  );
  const rest = h("p.print-only", {});
  const shown = new Map();
  let count = 0;
  let height = 48;
  let current = -1;
  let printing = false;

  const drawHead = () => {
    const [by, down] = sorted ? sorted() : ["", false];
    head.replaceChildren(
      h(
        "div.vt-row",
        { role: "row", "aria-rowindex": "1" },
        columns.map((c) => {
          const on = c.sort && c.sort === by;
          return h(
            cellTag(c),
            { role: "columnheader", "aria-sort": on ? (down ? "descending" : "ascending") : null },
            c.sort
              ? h(
                  "button.sort",
                  { type: "button", onclick: () => onSort?.(c.sort || "") },
                  c.label,
                  h("span.arrow", { "aria-hidden": "true" }, on ? (down ? "▾" : "▴") : ""),
                )
              : c.label,
          );
        }),
      ),
    );
  };

  const make = (i) => {
    const made = h(
      "div.vt-row",
      { role: "row", "aria-rowindex": String(i + 2) },
      row(i).map((cell, n) =>
        h(
          cellTag(columns[n]),
          { role: "cell", "data-label": columns[n].kind.startsWith("num") ? columns[n].label : null },
          cell,
        ),
      ),
    );
    made.style.transform = `translateY(${i * height}px)`;
    made.dataset.index = i;
    if (i === current) made.classList.add("current");
    return made;
  };

  // A page that the reader has left takes its listeners with it.
  const gone = new AbortController();
  let begun = false;
  const draw = () => {
    if (begun && !element.isConnected) gone.abort();
    begun = begun || element.isConnected;
    if (!element.getClientRects().length) return;
    const top = body.getBoundingClientRect().top;
    let first = Math.max(0, Math.floor(-top / height) - OVERSCAN);
    let last = Math.min(count, Math.ceil((innerHeight - top) / height) + OVERSCAN);
    if (printing) {
      first = 0;
      last = Math.min(count, PRINTED);
    }
    for (const [i, old] of shown)
      if (i < first || i >= last) {
        old.remove();
        shown.delete(i);
      }
    let next = null;
    for (let i = last - 1; i >= first; i -= 1) {
      let one = shown.get(i);
      if (!one) {
        one = make(i);
        shown.set(i, one);
        body.insertBefore(one, next);
      }
      next = one;
    }
  };
  let waiting = 0;
  const later = () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(draw);
  };

  const measure = () => {
    if (!count || !element.getClientRects().length) return;
    const probe = shown.values().next().value || body.appendChild(make(0));
    const found = probe.getBoundingClientRect().height;
    if (!shown.size) probe.remove();
    if (found && Math.abs(found - height) > 0.5) {
      height = found;
      for (const [i, old] of shown) old.style.transform = `translateY(${i * height}px)`;
    }
    body.style.height = `${count * height}px`;
  };
  const redraw = () => {
    for (const old of shown.values()) old.remove();
    shown.clear();
    drawHead();
    element.setAttribute("aria-rowcount", String(count + 1));
    body.style.height = `${count * height}px`;
    measure();
    draw();
  };

  const { signal } = gone;
  addEventListener("scroll", later, { passive: true, signal });
  addEventListener(
    "resize",
    () => {
      measure();
      later();
    },
    { signal },
  );
  const paper = (on) => {
    printing = on && element.getClientRects().length > 0;
    element.classList.toggle("printing", printing);
    rest.textContent =
      printing && count > PRINTED
        ? `The first ${number(PRINTED)} of ${number(count)}. Export CSV for all of them.`
        : "";
    draw();
  };
  addEventListener("beforeprint", () => paper(true), { signal });
  addEventListener("afterprint", () => paper(false), { signal });

  body.addEventListener("click", (event) => {
    const at = event.target.closest(".vt-row");
    if (!at || event.target.closest("a:not(.open), button") || getSelection()?.toString()) return;
    event.preventDefault();
    set(Number(at.dataset.index));
    open(current);
  });

  const mark = () => {
    for (const [i, one] of shown) one.classList.toggle("current", i === current);
  };
  const set = (i) => {
    current = i;
    mark();
  };
  /** Bring the current row onto the screen, clear of what sticks to its top, and give it the focus. */
  const reveal = (focus) => {
    if (current < 0) return;
    const top = body.getBoundingClientRect().top + current * height;
    const sticking = head.getBoundingClientRect().height + parseFloat(getComputedStyle(head).top || "0");
    if (top < sticking) scrollBy(0, top - sticking - height);
    else if (top + height > innerHeight) scrollBy(0, top + 2 * height - innerHeight);
    draw();
    mark();
    const link = shown.get(current)?.querySelector("a.open");
    if (focus && link) link.focus({ preventScroll: true });
  };

  return {
    element: h("div", {}, element, rest),
    show: (n) => {
      count = n;
      current = Math.min(current, n - 1);
      redraw();
    },
    redraw,
    reveal,
    set,
    later,
    get current() {
      return current;
    },
    get count() {
      return count;
    },
    /** One row up or down; false where there is none. */
    move: (step) => {
      if (!count) return false;
      set(current < 0 ? 0 : Math.max(0, Math.min(count - 1, current + step)));
      reveal(true);
      return true;
    },
  };
};
