// One crosshair over all charts of time: where the pointer is in one, the others show the same day.
const crosses = new Map();

const cross = (box, left) => {
  let line = crosses.get(box);
  if (!line) {
    if (left === null) return;
    line = document.createElement("div");
    line.className = "cross";
    crosses.set(box, line);
  }
  if (line.parentElement !== box) box.append(line);
  line.hidden = left === null;
  if (left !== null) line.style.transform = `translateX(${left}px)`;
};

const crossAll = (time) => {
  for (const [id, view] of views) {
    if (!isOfTime(id)) continue;
    const [from, to] = view.scale("x").domain().map(Number);
    const inside = time !== null && from <= time && time <= to;
    cross(boxOf(id), inside ? view.origin()[0] + view.scale("x")(time) : null);
  }
};

document.addEventListener("pointermove", (event) => {
  const box = event.target.closest?.(".chart[data-time]");
  if (!box || !views.has(box.id)) return crossAll(null);
  const view = views.get(box.id);
  const along = event.clientX - box.getBoundingClientRect().left - view.origin()[0];
  crossAll(0 <= along && along <= view.scale("x").range()[1] ? Number(view.scale("x").invert(along)) : null);
});
