"use strict";
function make(name, attributes, ...children) {
  const drawing = ["svg", "path", "text"].includes(name) && document.querySelector("svg").namespaceURI;
  const element = drawing ? document.createElementNS(drawing, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

// Tables: a click on a title sorts, the field above searches.
function keyOf(cell) {
  return cell.dataset.key === undefined ? cell.textContent.toLowerCase() : Number(cell.dataset.key);
}

function sortBy(table, column) {
  const head = table.tHead.rows[0].cells[column];
  const direction = head.getAttribute("aria-sort") === "descending" ? 1 : -1;
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
  const lines = [...table.tBodies[0].rows].map((line) => [keyOf(line.cells[column]), line]);
  const kind = (key) => (key === "" ? 2 : typeof key === "string" ? 1 : 0);
  lines.sort(([a], [b]) => kind(a) - kind(b) || (a < b ? -direction : a > b ? direction : 0));
  table.tBodies[0].append(...lines.map(([, line]) => line));
}

for (const part of document.querySelectorAll(".table")) {
  const table = part.querySelector("table");
  const field = part.querySelector("input");
  [...table.tHead.rows[0].cells].forEach((cell, column) => cell.addEventListener("click", () => sortBy(table, column)));
  field.addEventListener("input", () => {
    const words = field.value.toLowerCase().split(/\s+/);
    let count = 0;
    for (const line of table.tBodies[0].rows) {
      const text = line.textContent.toLowerCase();
      line.hidden = !words.every((word) => text.includes(word));
      count += !line.hidden;
    }
    part.querySelector(".count").textContent = field.value ? `${count} found` : "";
  });
}

// Diagrams: a folded box opens its view, another one shows its details.
function contains(id, number) {
  const [first, last = first] = id.split("-").map(Number);
  return id === "" || (first <= number && number <= last);
}

function bars({ low, high, counts }) {
  const [width, height] = [300, 90];
  const drawing = make("svg", { viewBox: `0 0 ${width} ${height + 16}`, role: "img", "aria-label": "histograms" });
  const largest = Math.log1p(Math.max(1, ...Object.values(counts).flat()));
  Object.values(counts).forEach((values, index) => {
    const step = width / values.length;
    const tops = values.map((value) => (height * (1 - Math.log1p(value) / largest)).toFixed(1));
    const outline = tops.map((top, at) => `${at ? "L" : "M"}${(at * step).toFixed(1)} ${top}h${step.toFixed(2)}`);
    const closed = index ? "" : `V${height}H0z`;
    drawing.append(make("path", { class: index ? "second" : "first", d: outline.join("") + closed }));
  });
  drawing.append(make("path", { class: "frame", d: `M0 ${height}H${width}` }));
  drawing.append(make("text", { x: 0, y: height + 13 }, low.toPrecision(4)));
  drawing.append(make("text", { x: width, y: height + 13, "text-anchor": "end" }, high.toPrecision(4)));
  const names = Object.keys(counts).map((name, index) =>
    make("span", {}, make("span", { class: `key ${index ? "second" : "first"}` }, "■"), ` ${name} `));
  return [make("p", { class: "soft" }, "Histogram, counts on a logarithmic axis: ", ...names), drawing];
}

for (const part of document.querySelectorAll(".diagram")) {
  const boxes = JSON.parse(part.querySelector("script").textContent);
  const views = [...part.querySelectorAll(".view")];
  const aside = part.querySelector("aside");
  const field = part.querySelector("input");
  let zoom = 1;

  const visible = () => views.find((view) => !view.hidden);
  const resize = () => {
    const drawing = visible().querySelector("svg");
    const [, , width, height] = drawing.getAttribute("viewBox").split(" ").map(Number);
    const room = drawing.parentElement.clientWidth;
    const scale = zoom === "fit" ? Math.min(1, room / width) : zoom;
    drawing.setAttribute("width", width * scale);
    drawing.setAttribute("height", height * scale);
    drawing.parentElement.scrollLeft = (width * scale - room) / 2;
  };
  const open = (id) => {
    for (const view of views) view.hidden = view.dataset.view !== id;
    resize();
  };
  const select = (number) => {
    const box = boxes[number];
    for (const other of part.querySelectorAll(".box.selected")) other.classList.remove("selected");
    const shown = visible().querySelector(`.box[data-id="${number}"]`);
    if (shown) shown.classList.add("selected");
    for (const arrow of part.querySelectorAll(".arrows path"))
      arrow.classList.toggle("on", arrow.dataset.from === String(number) || arrow.dataset.to === String(number));
    const list = make("dl");
    for (const [title, text] of box.details) list.append(make("dt", {}, title), make("dd", {}, text));
    aside.replaceChildren(make("h3", {}, box.name), list, ...(box.histograms ? bars(box.histograms) : []));
    return shown;
  };
  const find = (number) => {
    const size = (view) => {
      const [first, last] = (view.dataset.view || `0-${boxes.length}`).split("-").map(Number);
      return last - first;
    };
    const [smallest] = views.filter((view) => contains(view.dataset.view, number)).sort((a, b) => size(a) - size(b));
    open(smallest.dataset.view);
    const shown = select(number);
    if (shown) shown.scrollIntoView({ block: "nearest", inline: "center" });
  };

  const choices = make("datalist", { id: `boxes-${Math.random().toString(36).slice(2)}` });
  choices.append(...boxes.map((box) => make("option", { value: box.name })));
  part.append(choices);
  field.setAttribute("list", choices.id);
  field.addEventListener("input", () => {
    const text = field.value.toLowerCase();
    const exact = boxes.findIndex((box) => box.name.toLowerCase() === text);
    const number = exact >= 0 ? exact : boxes.findIndex((box) => text && box.name.toLowerCase().includes(text));
    if (number >= 0) find(number);
  });
  const act = (event) => {
    const target = event.target.closest(".box, [data-open], [data-zoom]");
    if (!target) return;
    if (target.dataset.zoom) {
      zoom = target.dataset.zoom === "fit" ? "fit" : (zoom === "fit" ? 1 : zoom) * Number(target.dataset.zoom);
      resize();
    } else if (target.dataset.open !== undefined) open(target.dataset.open);
    else if (target.classList.contains("folded")) open(target.dataset.id);
    else select(Number(target.dataset.id));
  };
  part.addEventListener("click", act);
  part.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.closest(".box")) act(event);
  });
  for (const line of part.parentElement.querySelectorAll("tr[data-box]")) {
    const show = () => {
      const number = boxes.findIndex((box) => box.name === line.dataset.box);
      if (number < 0) return;
      find(number);
      part.scrollIntoView({ block: "nearest" });
    };
    line.addEventListener("click", show);
    line.addEventListener("keydown", (event) => event.key === "Enter" && show());
  }
  resize();
}
