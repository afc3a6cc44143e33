// Draws each chart over its still when it comes near the screen; without a script the stills remain.
const root = document.documentElement;
const views = new Map();
const whole = new Map();

// What a chart is made of. A second form exists where lengths are drawn: in the other units.
const forms = (attribute) => {
  const read = new Map();
  for (const holder of document.querySelectorAll(`script[data-${attribute}]`)) {
    const name = holder.dataset[attribute];
    read.set(name, { ...read.get(name), [holder.dataset.units ?? "any"]: holder.textContent });
  }
  return read;
};
const specs = forms("chart");
const shared = forms("rows");
const inUnits = (form) => form[root.dataset.units] ?? form.any;
// Rows in the other units hold what differs, where there are as many.
const OWN_UNITS = root.dataset.units;
const rowsOf = (form) => {
  const rows = JSON.parse(form.any ?? form[OWN_UNITS]);
  if (form.any !== undefined || root.dataset.units === OWN_UNITS) return rows;
  const differing = JSON.parse(inUnits(form));
  if (differing.length !== rows.length) return differing;
  return rows.map((row, index) => ({ ...row, ...differing[index] }));
};

// Labels are measured in the page's own typeface.
const typeface = JSON.stringify(getComputedStyle(document.body).fontFamily);
const inTypeface = (text) => JSON.parse(text.replaceAll('"sans-serif"', typeface));
const look = document.getElementById("look").textContent;

const tip = document.createElement("div");
tip.className = "tip";
tip.hidden = true;
document.body.append(tip);
// Names are set as text, never as markup.
const showTip = (handler, event, item, entries) => {
  tip.hidden = !entries;
  if (!entries) return;
  tip.replaceChildren(
    ...Object.entries(entries)
      .filter(([, value]) => !["", "null", "undefined", "NaN"].includes(value))
      .flatMap((pair) => pair.map((text) => Object.assign(document.createElement("span"), { textContent: text }))),
  );
  const { offsetWidth: width, offsetHeight: height } = tip;
  const beside = event.clientX + 16 + width > innerWidth ? event.clientX - 16 - width : event.clientX + 16;
  const below = Math.min(event.clientY + 16, innerHeight - height - 8);
  tip.style.transform = `translate(${Math.max(4, beside)}px, ${Math.max(4, below)}px)`;
};

const boxOf = (id) => document.getElementById(id);
// A still may be wider than the screen; the frame around it is not.
const widthOf = (box) => box.parentElement.clientWidth;
const fit = (id) => views.get(id).width(widthOf(boxOf(id))).runAsync();
const has = (id, signal) => views.get(id).getState().signals[signal] !== undefined;
const isOfTime = (id) => boxOf(id).dataset.time !== undefined;

const draw = async (id) => {
  const box = boxOf(id);
  const stage = document.createElement("div");
  // The box around it is described in words.
  stage.setAttribute("aria-hidden", "true");
  const spec = { ...inTypeface(inUnits(specs.get(id))), config: inTypeface(look) };
  for (const rows of spec.data) {
    if (shared.has(rows.name)) rows.values = rowsOf(shared.get(rows.name));
  }
  spec.width = widthOf(box);
  const view = new vegaKit.View(vegaKit.parse(spec), { renderer: "svg", tooltip: showTip, hover: true });
  await view.initialize(stage).runAsync();
  views.get(id)?.finalize();
  views.set(id, view);
  if (isOfTime(id)) whole.set(id, view.scale("x").domain().map(Number));
  await choose(id);
  // What is drawn has the width of its box and is not scrolled.
  box.parentElement.removeAttribute("tabindex");
  box.parentElement.removeAttribute("role");
  box.replaceChildren(stage);
  if (box.dataset.days) view.addEventListener("click", (event, item) => listAt(box, item));
  box.dataset.drawn = "";
  return view;
};
