// An overview zooms: that of the weeks all charts of time, by dragging; that of the power curve the charts beside
// it, by buttons for keyboards and fingers too.
const dayText = (time) => {
  const day = new Date(time);
  return [day.getFullYear(), day.getMonth() + 1, day.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
};

const zoomTime = (view) => {
  let waiting;
  view.addSignalListener("brush", (name, brush) => {
    const [along] = Object.values(brush);
    const ends = along?.map(Number);
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      change({ period: !ends || ends[0] === ends[1] ? "all" : ends.map(dayText).join("..") });
    }, 60);
  });
};

const zoomBeside = (figure, view) => {
  const id = figure.querySelector(".chart").id;
  const neighbors = [...figure.parentElement.querySelectorAll(".chart")].map((box) => box.id);
  const buttons = figure.querySelector(".periods");
  const press = (pressed) => {
    for (const button of buttons.children) button.setAttribute("aria-pressed", String(button === pressed));
  };
  const zoom = (ends) => {
    const others = neighbors.filter((other) => other !== id && views.has(other));
    return Promise.all(others.map((other) => views.get(other).signal("zoom", ends).runAsync()));
  };
  let pressing;
  view.addSignalListener("brush", async (name, brush) => {
    const pressed = pressing;
    const [along] = Object.values(brush);
    const ends = along && along.map(Number);
    const all = !ends || ends[0] === ends[1];
    await zoom(all ? null : ends);
    press(pressed ?? (all ? buttons.lastChild : null));
  });
  const [, last] = view.scale("x").domain().map(Number);
  for (const button of buttons.children) {
    button.addEventListener("click", async () => {
      const along = view.scale("x");
      const [from, to] = button.dataset.ends.split(" ").map(Number);
      pressing = button;
      await view.signal("brush_x", from ? [along(from), along(Math.min(to, last))] : [0, 0]).runAsync();
      pressing = undefined;
    });
  }
  press(buttons.lastChild);
};

const offerZoom = async (figure) => {
  const view = await draw(figure.querySelector(".chart").id);
  if (figure.querySelector(".periods")) zoomBeside(figure, view);
  else zoomTime(view);
};
