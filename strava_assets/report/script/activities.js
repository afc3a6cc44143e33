// A click on a day, a week or a month lists its activities, by name and with a link to Strava.
const holder = document.getElementById("activities");
const activities = holder ? JSON.parse(holder.textContent) : [];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const written = (day) => {
  const [year, month, date] = day.split("-").map(Number);
  return `${date}\u00a0${MONTHS[month - 1]}\u00a0${year}`;
};

const element = (name, text, className) =>
  Object.assign(document.createElement(name), { textContent: text, ...(className ? { className } : {}) });

const entry = ([day, name, id, family, minutes, meters, watts]) => {
  const line = document.createElement("li");
  const [unit, size] = JSON.parse(holder.dataset[root.dataset.units]);
  const title = element(id ? "a" : "span", name);
  if (id) title.href = `https://www.strava.com/activities/${id}`;
  const facts = [
    `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}\u00a0h`,
    ...(meters ? [`${(meters / size).toFixed(1)}\u00a0${unit}`] : []),
    watts ? `${watts}\u00a0W` : "power not measured",
  ];
  line.append(element("span", written(day)), title, element("span", facts.slice(0, family === "ride" ? 3 : 2).join(" · ")));
  return line;
};

const list = (where, from, to) => {
  document.querySelector(".activities")?.remove();
  const some = activities.filter(
    ([day, , , family]) => from <= day && day <= to && (chosen.sport === "all" || chosen.sport === family),
  );
  const panel = element("div", "", "activities");
  const span = from === to ? written(from) : `${written(from)} to ${written(to)}`;
  const heading = element("p", `${span}: ${some.length === 1 ? "1 activity" : `${some.length} activities`}`);
  const close = element("button", "Close");
  close.type = "button";
  close.addEventListener("click", () => panel.remove());
  const lines = document.createElement("ul");
  lines.append(...some.map(entry));
  panel.tabIndex = -1;
  panel.setAttribute("role", "region");
  panel.setAttribute("aria-label", `Activities, ${span}`);
  panel.append(heading, close, lines);
  where.after(panel);
  panel.focus({ preventScroll: true });
};

const listAt = (box, item) => {
  const first = item?.datum?.w;
  if (first === undefined || !activities.length) return;
  const last = new Date(first);
  last.setDate(last.getDate() + Number(box.dataset.days) - 1);
  list(box.closest("figure"), dayText(first), dayText(last));
};

// The same for keyboards: from the tables.
if (activities.length) {
  for (const cell of document.querySelectorAll("[data-from]")) {
    const button = element("button", cell.textContent, "plain");
    button.type = "button";
    button.addEventListener("click", () => list(button.closest(".scroll"), cell.dataset.from, cell.dataset.to));
    cell.replaceChildren(button);
  }
}
