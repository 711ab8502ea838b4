
"use strict";
(() => {
  const table = document.getElementById("rows");
  if (!table) return;
  const AT_ONCE = 500; // rows of the document at one time: a browser lays out no more
  const body = table.tBodies[0];
  const element = (id) => document.getElementById(id);
  const [search, action, entity, more] = ["search", "action", "entity", "more"].map(element);
  const collator = new Intl.Collator(undefined, { numeric: true });
  let rows = Array.from(body.rows, (row, place) => ({
    row,
    place,
    stands: Number(row.dataset.rows ?? 1), // of the source, for one cause may block many
    cells: [row.querySelector(".tag").textContent, ...Array.from(row.cells).slice(1).map((cell) => cell.textContent)],
    text: "",
  }));
  for (const each of rows) each.text = each.cells.join("\n").toLowerCase();
  const names = new Map(Array.from(action.options, (option) => [option.value, option.text]));
  let shown = AT_ONCE;

  const fitting = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    return rows.filter(
      (each) =>
        (!action.value || each.cells[0] === names.get(action.value)) &&
        (!entity.value || each.cells[1] === entity.value) &&
        words.every((word) => each.text.includes(word)),
    );
  };

  const stood = (some) => some.reduce((sum, each) => sum + each.stands, 0);

  const show = () => {
    const found = fitting();
    body.replaceChildren(...found.slice(0, shown).map((each) => each.row));
    const count = (number) => number.toLocaleString("en");
    element("found").value = `${count(stood(found))} of ${count(stood(rows))} rows`;
    element("none").hidden = found.length > 0;
    more.hidden = found.length <= shown;
    more.textContent = `Show ${count(Math.min(AT_ONCE, found.length - shown))} more`;
  };

  const again = () => {
    shown = AT_ONCE;
    show();
  };

  const sort = (heading, column) => {
    const up = heading.getAttribute("aria-sort") !== "ascending";
    for (const each of table.tHead.rows[0].cells) each.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", up ? "ascending" : "descending");
    const way = up ? 1 : -1;
    rows.sort((a, b) => way * collator.compare(a.cells[column], b.cells[column]) || a.place - b.place);
    again();
  };

  Array.from(table.tHead.rows[0].cells).forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = heading.textContent;
    button.addEventListener("click", () => sort(heading, column));
    heading.replaceChildren(button);
  });
  search.addEventListener("input", again);
  action.addEventListener("change", again);
  entity.addEventListener("change", again);
  more.addEventListener("click", () => {
    shown += AT_ONCE;
    show();
  });
  element("unfold").addEventListener("click", (event) => {
    const open = event.target.getAttribute("aria-pressed") !== "true";
    event.target.setAttribute("aria-pressed", String(open));
    event.target.textContent = open ? "Fold all" : "Unfold all";
    for (const { row } of rows) for (const each of row.getElementsByTagName("details")) each.open = open;
  });
  element("controls").addEventListener("submit", (event) => event.preventDefault());
  element("controls").hidden = false;
  again();
})();
