// What happens when the page is opened, scrolled, resized and printed.
for (const hidden of document.querySelectorAll("[data-needs-script]")) hidden.hidden = false;
root.dataset.script = "";
readAddress();
apply();

const near = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      const figure = target.closest("figure");
      (figure.matches(".zooms") ? offerZoom(figure) : draw(target.id)).catch(console.error);
    }
  },
  { rootMargin: "400px 0px" },
);
for (const id of specs.keys()) near.observe(boxOf(id));
goTo(place);

// The link of the section that is read is marked.
const links = new Map([...document.querySelectorAll("nav a")].map((link) => [link.hash.slice(1), link]));
const reading = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      const link = links.get(target.getAttribute("aria-labelledby"));
      if (!link) continue;
      if (!isIntersecting) {
        link.removeAttribute("aria-current");
        continue;
      }
      for (const other of links.values()) other.removeAttribute("aria-current");
      link.setAttribute("aria-current", "true");
      const bar = link.closest("ul");
      bar.scrollTo({ left: link.offsetLeft - bar.offsetLeft - bar.clientWidth / 2 });
    }
  },
  { rootMargin: "-30% 0px -65% 0px" },
);
for (const section of document.querySelectorAll("main section")) reading.observe(section);

const synced = document.querySelector("time[data-age]");
if (synced) {
  const hours = Math.max(0, (Date.now() - new Date(synced.dateTime)) / 3600000);
  const [count, unit] = hours < 1 ? [Math.round(hours * 60), "min"] : hours < 48 ? [Math.round(hours), "h"] : [Math.round(hours / 24), "days"];
  synced.title = synced.textContent;
  synced.textContent = `synced ${count}\u00a0${unit} ago`;
}

// Paper is narrower than the screen; drawn for the screen, labels would shrink with the charts.
const PAPER = { full: 640, half: 305, third: 200, fifth: 200 };
const NARROW_ON_PAPER = 290;
addEventListener("beforeprint", () => {
  for (const [id, view] of views) {
    const box = boxOf(id);
    view.width(box.closest(".narrow") ? NARROW_ON_PAPER : PAPER[box.closest("figure").classList[0]]).run();
  }
});
addEventListener("afterprint", () => [...views.keys()].forEach(fit));

let waiting;
addEventListener("resize", () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => [...views.keys()].forEach(fit), 120);
});
