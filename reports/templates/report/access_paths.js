// How a role, or whoever has it, gets to administrator access or into other people’s user profiles.

/** The known ways of a role to more than is its own, by the role's key. */
const accessPathsOf = (D, key) => {
  if (!D.accessPaths) {
    D.accessPaths = new Map();
    for (const [role, heading, steps, picture] of D.header.access_paths.listed) {
      if (!D.accessPaths.has(role)) D.accessPaths.set(role, []);
      D.accessPaths.get(role).push({ heading, steps, picture });
    }
  }
  return D.accessPaths.get(key) || [];
};

/** The picture that the page holds of a path, null where it holds none. */
const pathPicture = (number) => {
  const pictures = /** @type {HTMLTemplateElement | null} */ (document.getElementById("path-pictures"));
  const picture = number < 0 || !pictures ? null : pictures.content.querySelectorAll("svg")[number];
  return picture ? picture.cloneNode(true) : null;
};

/** The role whose ways are those of a role or of a user profile; -1 for anything else, and for a role not seen. */
const pathRole = (D, r, settings, inventory) => {
  if (D.type(r) === "execution_role") return r;
  const role = D.type(r) === "user_profile" ? settings.find((c) => c.name === "execution_role") : null;
  return role ? inventory.role(role.value) : -1;
};

/** How a role, or whoever has it, gets to administrator access or into other user profiles; nothing without a way. */
const accessPathSection = (D, role, person) => {
  const paths = role < 0 ? [] : accessPathsOf(D, D.key(role));
  if (!paths.length) return [];
  const about = person
    ? "The shortest ways that are known for whoever works in this user profile, one call after the other."
    : "The shortest ways that are known for whoever works with this role, one call after the other.";
  return [
    h("h2", {}, "Access paths"),
    h("p.lead", {}, about, " Only certain steps count; there may be others."),
    paths.map(({ heading, steps, picture }) =>
      h(
        "div.access-path",
        {},
        h(
          "div",
          {},
          h("h3", {}, heading),
          h(
            "ol",
            {},
            person ? h("li", {}, "has the execution role ", resourceLink(D, role)) : null,
            steps.map((step) => h("li", {}, step)),
          ),
        ),
        pathPicture(picture),
      ),
    ),
  ];
};
