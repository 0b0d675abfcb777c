"use strict";
(() => {
  const tip = document.createElement("div");
  tip.id = "tip";
  tip.hidden = true;
  tip.setAttribute("role", "status");
  document.body.append(tip);
  const told = (node) => (node instanceof Element ? node.closest("[data-tip]") : null);
  const show = (node, x, y) => {
    tip.textContent = node.getAttribute("data-tip").slice(0, 600);
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - box.width - 4))}px`;
    tip.style.top = `${y + 20 + box.height > innerHeight ? Math.max(4, y - box.height - 10) : y + 16}px`;
  };
  for (const title of document.querySelectorAll("[data-tip] > title")) title.remove();
  const follow = (event) => {
    const node = told(event.target);
    if (node) show(node, event.clientX, event.clientY);
    else tip.hidden = true;
  };
  document.addEventListener("pointermove", follow);
  document.addEventListener("pointerdown", follow);
  document.addEventListener("focusin", (event) => {
    const node = told(event.target);
    if (!node) return;
    const box = node.getBoundingClientRect();
    show(node, box.right, box.top);
  });
  document.addEventListener("focusout", () => { tip.hidden = true; });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") tip.hidden = true; });
})();
