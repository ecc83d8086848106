"use strict";
(() => {
  const table = document.getElementById("submissions");
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const said = document.getElementById("found");
  const input = document.getElementById("search");
  input.parentElement.hidden = false;
  const say = () => {
    const shown = rows.filter((row) => !row.hidden).length;
    said.textContent = `${shown} of ${rows.length} submissions`;
  };
  const plain = (words) => words.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const text = rows.map((row) => plain(`${row.textContent} ${row.dataset.find}`));
  input.addEventListener("input", () => {
    const words = plain(input.value).split(/\s+/).filter(Boolean);
    rows.forEach((row, index) => { row.hidden = !words.every((word) => text[index].includes(word)); });
    say();
  });
  const key = (row, column, numeric) => {
    const cell = row.cells[column];
    const value = cell.dataset.value ?? cell.textContent.trim();
    return numeric ? (value === "" ? -Infinity : Number(value)) : value.toLowerCase();
  };
  Array.from(table.tHead.rows[0].cells).forEach((head, column) => {
    const button = head.querySelector("button");
    if (!button) return;
    const numeric = head.classList.contains("n");
    button.addEventListener("click", () => {
      const now = head.getAttribute("aria-sort");
      const down = now === null ? numeric : now === "ascending";
      Array.from(table.tHead.rows[0].cells).forEach((one) => one.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const sign = down ? -1 : 1;
      const order = rows.map((row, index) => ({ row, index, value: key(row, column, numeric) }));
      order.sort((a, b) => {
        if (a.value === b.value) return a.index - b.index;
        if (numeric) return a.value < b.value ? -sign : sign;
        return sign * a.value.localeCompare(b.value, undefined, { numeric: true });
      });
      order.forEach((one) => body.append(one.row));
    });
  });
  say();
})();
