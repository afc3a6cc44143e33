// Draws each chart over its still when it comes near the screen; without this script the stills remain.
(() => {
  "use strict";
  const YEAR = 31557600000;
  const specs = new Map();
  for (const holder of document.querySelectorAll("script[data-chart]")) {
    specs.set(holder.dataset.chart, holder.textContent);
  }
  const shared = new Map();
  for (const holder of document.querySelectorAll("script[data-rows]")) {
    shared.set(holder.dataset.rows, holder.textContent);
  }
  const views = new Map();
  // Labels are measured in the page's own typeface.
  const typeface = JSON.stringify(getComputedStyle(document.body).fontFamily);
  const read = (text) => JSON.parse(text.replaceAll('"sans-serif"', typeface));
  const look = document.getElementById("look").textContent;

  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  document.body.append(tip);
  // Names are set as text, never as markup.
  const tell = (handler, event, item, told) => {
    tip.hidden = !told;
    if (!told) return;
    tip.replaceChildren(
      ...Object.entries(told)
        .filter(([, value]) => value !== "" && value !== "null" && value !== "undefined" && value !== "NaN")
        .flatMap((pair) => pair.map((text) => Object.assign(document.createElement("span"), { textContent: text }))),
    );
    const { offsetWidth: width, offsetHeight: height } = tip;
    const beside = event.clientX + 16 + width > innerWidth ? event.clientX - 16 - width : event.clientX + 16;
    const below = Math.min(event.clientY + 16, innerHeight - height - 8);
    tip.style.transform = `translate(${Math.max(4, beside)}px, ${Math.max(4, below)}px)`;
  };

  const fit = (id) => views.get(id).width(document.getElementById(id).clientWidth).runAsync();

  const draw = async (id) => {
    const box = document.getElementById(id);
    const stage = document.createElement("div");
    // The box around it is described in words.
    stage.setAttribute("aria-hidden", "true");
    const spec = { ...read(specs.get(id)), config: read(look) };
    for (const rows of spec.data) if (shared.has(rows.name)) rows.values = JSON.parse(shared.get(rows.name));
    spec.width = box.clientWidth;
    const view = new vegaKit.View(vegaKit.parse(spec), { renderer: "svg", tooltip: tell, hover: true });
    await view.initialize(stage).runAsync();
    views.set(id, view);
    box.replaceChildren(stage);
    box.dataset.drawn = "";
    return view;
  };

  // An overview zooms its neighbours: by dragging on it, or by buttons for keyboards and fingers.
  const offerZoom = async (figure) => {
    figure.hidden = false;
    const id = figure.querySelector(".chart").id;
    const view = await draw(id);
    const neighbours = [...figure.parentElement.querySelectorAll(".chart")].map((box) => box.id);
    const buttons = figure.querySelector(".periods");
    const press = (pressed) => {
      for (const button of buttons.children) button.setAttribute("aria-pressed", String(button === pressed));
    };
    const zoom = (domain) => {
      const others = neighbours.filter((other) => other !== id && views.has(other));
      return Promise.all(others.map((other) => views.get(other).signal("zoom", domain).runAsync()));
    };
    let chosen;
    view.addSignalListener("brush", async (name, brush) => {
      const pressed = chosen;
      const [along] = Object.values(brush);
      const domain = along && along.map(Number);
      const whole = !domain || domain[0] === domain[1];
      await zoom(whole ? null : domain);
      press(pressed ?? (whole ? buttons.lastChild : null));
    });
    const [first, last] = view.scale("x").domain().map(Number);
    const years = [1, 2, 5].map((count) => [count === 1 ? "1 year" : `${count} years`, last - count * YEAR, last]);
    const offers = JSON.parse(buttons.dataset.offers ?? "null") ?? years.filter(([, from]) => from > first);
    for (const [label, from, to] of [...offers, ["All"]]) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = label;
      button.addEventListener("click", async () => {
        const along = view.scale("x");
        chosen = button;
        await view.signal("brush_x", from ? [along(from), along(Math.min(to, last))] : [0, 0]).runAsync();
        chosen = undefined;
      });
      buttons.append(button);
    }
    press(buttons.lastChild);
  };

  const near = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        near.unobserve(target);
        draw(target.id).catch(console.error);
      }
    },
    { rootMargin: "800px 0px" },
  );
  const overviews = [...document.querySelectorAll("figure.zooms")];
  const zoomed = new Set();
  for (const figure of overviews) {
    const boxes = [...figure.parentElement.querySelectorAll(".chart")];
    for (const box of boxes) zoomed.add(box.id);
    // The neighbours first, so that there is something to zoom.
    Promise.all(boxes.filter((box) => !figure.contains(box)).map((box) => draw(box.id)))
      .then(() => offerZoom(figure))
      .catch(console.error);
  }
  for (const id of specs.keys()) if (!zoomed.has(id)) near.observe(document.getElementById(id));

  // Paper is narrower than the screen; drawn for the screen, labels would shrink with the charts.
  const PAPER = { full: 640, half: 305, third: 305, fifth: 200 };
  addEventListener("beforeprint", () => {
    for (const [id, view] of views) view.width(PAPER[document.getElementById(id).parentElement.classList[0]]).run();
  });
  addEventListener("afterprint", () => [...views.keys()].forEach(fit));

  let waiting;
  addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => [...views.keys()].forEach(fit), 120);
  });
})();
