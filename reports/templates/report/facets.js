// The panels of filters beside the list: the values of each with their numbers, and a box to find more.

/** Values of a filter that are shown at once; the rest are found by typing. */
const FACET_ROWS = 8;

/**
 * What draws the panels anew. `chosen` has the picked values of each filter, `totals()` the numbers of the last search,
 * `toggle(facet, n, on)` picks one.
 */
// eslint-disable-next-line max-lines-per-function -- it keeps a state of its own
const facetPanels = ({ facets, chosen, compared, panels, toggle, totals }) => {
  const opened = new Set(["severity", "state", "rule", "domain", "account"]);
  /** @type {Record<string, string>} */
  const typed = {};

  /** The values of a filter that are worth showing, in their order; none where the filter could not narrow anything. */
  const facetPlaces = (facet, counts) => {
    const mine = chosen[facet.name];
    let places = [...facet.values.keys()].filter((n) => counts[n] || mine.has(n));
    if (facet.name === "state" && !compared) places = places.filter((n) => facet.values[n] === "waived" || mine.has(n));
    if (places.length === 1 && !mine.size && facet.name !== "state") return [];
    return ["severity", "state", "status"].includes(facet.name)
      ? places
      : places.sort((a, b) => counts[b] - counts[a] || a - b);
  };
  const facetBox = (facet, among) =>
    h("input.narrow", {
      type: "search",
      placeholder: `Find among ${number(among)}`,
      "aria-label": `Find a value of ${facet.label}`,
      value: typed[facet.name] || null,
      "data-facet": `?${facet.name}`,
      oninput: (event) => {
        typed[facet.name] = event.target.value.toLowerCase();
        drawFacets();
      },
    });
  const facetOption = (facet, n, total) => {
    const text = facet.show(facet.values[n], n);
    const box = h("input", {
      type: "checkbox",
      checked: chosen[facet.name].has(n),
      "data-facet": `${facet.name}/${n}`,
      name: facet.name,
      value: facet.toAddress(n),
      onchange: (event) => toggle(facet, n, event.target.checked),
    });
    const count = h("span.num", {}, number(total));
    return h("li", {}, h("label", {}, box, h("span.option", { title: text }, text), count));
  };
  const facetPanel = (facet, counts) => {
    const mine = chosen[facet.name];
    const ordered = facetPlaces(facet, counts);
    if (!ordered.length) return null;
    const text = typed[facet.name] || "";
    const fitting = text ? ordered.filter((n) => facet.show(facet.values[n], n).toLowerCase().includes(text)) : ordered;
    const shown = fitting.filter((n, k) => k < FACET_ROWS || mine.has(n));
    const more = fitting.length - shown.length;
    const options = shown.map((n) => facetOption(facet, n, counts[n]));
    const panel = fold(
      [facet.label, mine.size ? h("span.picked", {}, ` ${mine.size}`) : null],
      opened.has(facet.name) || mine.size > 0,
      ordered.length > FACET_ROWS ? facetBox(facet, ordered.length) : null,
      h("ul.options", {}, options),
      more ? h("p.dim", {}, `and ${number(more)} more`) : null,
    );
    panel.addEventListener("toggle", () => {
      if (panel.open) opened.add(facet.name);
      else opened.delete(facet.name);
    });
    return panel;
  };
  const drawFacets = () => {
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset?.facet;
    panels.replaceChildren(...facets.map((facet, f) => facetPanel(facet, totals()[f])).filter(Boolean));
    if (focused) {
      // The panels are made anew: the reader stays where they were.
      const again = [...panels.querySelectorAll("[data-facet]")].find((e) => e.dataset.facet === focused);
      if (again) {
        again.focus();
        if (again.type === "search") again.setSelectionRange(again.value.length, again.value.length);
      }
    }
  };
  return drawFacets;
};
