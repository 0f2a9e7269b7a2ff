// Sorts a table by the column whose heading is pressed: figures by what they are, text as the reader's language does;
// rows without a value stay last.
for (const table of document.querySelectorAll("main table")) {
  const body = table.tBodies[0];
  if (body.rows.length < 2) continue;
  for (const [place, head] of [...table.tHead.rows[0].cells].entries()) {
    const button = document.createElement("span"); // a button would not wrap as the heading's text does
    button.role = "button";
    button.tabIndex = 0;
    button.append(head.firstChild);
    head.prepend(button);
    button.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      button.click();
    });
    const value = (row) => {
      const cell = row.cells[place];
      const told = cell.querySelector("data, time");
      if (told && told.localName === "data") return Number(told.value);
      return told ? told.dateTime : cell.querySelector("[title]") ? "" : cell.textContent.trim();
    };
    const order = (one, other) =>
      typeof one === "number" && typeof other === "number"
        ? one - other
        : String(one).localeCompare(String(other), document.documentElement.lang, { numeric: true });
    button.addEventListener("click", () => {
      const figures = head.classList.contains("n");
      const up = head.ariaSort ? head.ariaSort === "descending" : !figures;
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.ariaSort = up ? "ascending" : "descending";
      const rows = [...body.rows].map((row) => [value(row), row]);
      rows.sort(([one], [other]) =>
        one === "" || other === "" ? (one === "") - (other === "") : (up ? 1 : -1) * order(one, other));
      body.append(...rows.map(([, row]) => row));
    });
  }
}
