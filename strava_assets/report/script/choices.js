// What a reader has chosen: sport, period, units and power by weight, for all charts at once. It stands in the address, so that a
// link shows the same. Rows are selected here, never computed.
const DAYS = { "4w": 28, "12w": 84, year: 365 };
const DAY = 86400000;
const START = { sport: "all", period: "all", units: root.dataset.units, power: "w" };
const today = new Date(`${root.dataset.today}T00:00:00`).getTime();
let chosen = { ...START };
let place = "";

const readAddress = () => {
  chosen = { ...START };
  place = "";
  for (const part of location.hash.slice(1).split("&")) {
    const [name, value] = part.split("=");
    if (value === undefined) place = name;
    else if (name in START) chosen[name] = value;
  }
  if (!["metric", "imperial"].includes(chosen.units)) chosen.units = START.units;
  if (!controls.some(({ dataset }) => dataset.sport === chosen.sport)) chosen.sport = START.sport;
  if (!(chosen.period in DAYS) && !custom(chosen.period)) chosen.period = START.period;
};

const writeAddress = (method) => {
  const parts = Object.entries(chosen).filter(([name, value]) => value !== START[name]);
  const hash = [...(place ? [place] : []), ...parts.map((pair) => pair.join("="))].join("&");
  history[method](null, "", hash ? `#${hash}` : location.pathname + location.search);
};

// A period that was dragged: both its days.
const custom = (period) => {
  const ends = period.split("..").map((day) => new Date(`${day}T00:00:00`).getTime());
  return ends.length === 2 && ends[0] < ends[1] ? ends : null;
};

// A chart ends where its rows do, which is later than today where it looks ahead.
const domain = (id) => {
  if (!(chosen.period in DAYS)) return custom(chosen.period);
  return [today - (DAYS[chosen.period] + 3) * DAY, whole.get(id)[1]];
};

const choose = (id) => {
  const view = views.get(id);
  if (isOfTime(id) && has(id, "zoom")) view.signal("zoom", domain(id));
  if (has(id, "sport")) view.signal("sport", chosen.sport);
  return view.runAsync();
};

const controls = [...document.querySelectorAll(".choices button")];

const apply = () => {
  root.dataset.sport = chosen.sport;
  root.dataset.power = chosen.power;
  for (const button of controls) {
    const [[name, value]] = Object.entries(button.dataset);
    button.setAttribute("aria-pressed", String(chosen[name] === value));
  }
  if (root.dataset.units !== chosen.units) {
    root.dataset.units = chosen.units;
    for (const box of document.querySelectorAll("[data-other-label]")) {
      const label = box.getAttribute("aria-label");
      box.setAttribute("aria-label", box.dataset.otherLabel);
      box.dataset.otherLabel = label;
    }
    const changed = (form) => form.metric !== undefined || form.imperial !== undefined;
    const redrawn = (id) =>
      changed(specs.get(id)) || JSON.parse(inUnits(specs.get(id))).data.some(({ name }) => shared.has(name) && changed(shared.get(name)));
    for (const id of views.keys()) if (redrawn(id)) draw(id).catch(console.error);
  }
  for (const id of views.keys()) choose(id);
};

const change = (part) => {
  chosen = { ...chosen, ...part };
  writeAddress("replaceState");
  apply();
};

for (const button of controls) {
  button.addEventListener("click", () => change({ ...button.dataset }));
}

const goTo = (name) => {
  const target = name && document.getElementById(name);
  if (!target) return;
  target.closest("details")?.setAttribute("open", "");
  target.scrollIntoView();
};

document.addEventListener("click", (event) => {
  const link = event.target.closest?.('a[href^="#"]');
  if (!link || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  place = link.hash.slice(1);
  writeAddress("pushState");
  goTo(place);
  const target = document.getElementById(place);
  target?.setAttribute("tabindex", "-1");
  target?.focus({ preventScroll: true });
});
addEventListener("popstate", () => {
  readAddress();
  apply();
  goTo(place);
});
