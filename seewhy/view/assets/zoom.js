// Pictures get larger in a dialog: by the buttons, + and - and 0, the wheel or a double click; dragged or by arrows.
{
  const LEAST = 1 / 8, MOST = 128, STEP = Math.SQRT2;
  const make = (name, attributes, ...children) => {
    const element = Object.assign(document.createElement(name), attributes);
    element.append(...children);
    return element;
  };
  const picture = make("img", { alt: "" });
  const pane = make("div", { className: "pane", tabIndex: 0 }, picture);
  const size = make("output", {});
  let scale = 1, opener = null;
  // Set the pixels of the window for each of the picture; the point under (x, y) of the pane stays where it is.
  const zoom = (to, x = pane.clientWidth / 2, y = pane.clientHeight / 2) => {
    const next = Math.min(MOST, Math.max(LEAST, to)), [across, down] = [pane.scrollLeft + x, pane.scrollTop + y];
    const ratio = next / scale;
    scale = next;
    picture.style.width = `${picture.naturalWidth * scale}px`;
    picture.style.imageRendering = scale >= 2 ? "pixelated" : "auto";
    pane.scrollTo(across * ratio - x, down * ratio - y);
    size.value = `${Math.round(scale * 100)} %`;
  };
  const fit = () => zoom(Math.min(pane.clientWidth / picture.naturalWidth, pane.clientHeight / picture.naturalHeight));
  const button = (text, label, act) => {
    const made = make("button", { type: "button", textContent: text, title: label, onclick: act });
    made.setAttribute("aria-label", label);
    return made;
  };
  const dialog = make("dialog", { className: "zoom" }, make("div", { className: "tools" },
    button("+", "larger (+)", () => zoom(scale * STEP)), button("−", "smaller (-)", () => zoom(scale / STEP)),
    button("fit", "fit to the window (0)", fit), button("1:1", "a pixel for a pixel (1)", () => zoom(1)), size,
    button("close", "close (Esc)", () => dialog.close())), pane);
  document.body.append(dialog);
  const open = (link) => {
    opener = link;
    picture.alt = link.querySelector("img").alt;
    dialog.setAttribute("aria-label", picture.alt);
    picture.src = link.href;
    dialog.showModal();
    pane.focus();
    picture.decode().then(fit, () => { size.value = "cannot be shown"; });
  };
  for (const link of document.querySelectorAll("a.picture")) {
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      open(link);
    });
  }
  dialog.addEventListener("close", () => opener?.focus());
  dialog.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = { "+": () => zoom(scale * STEP), "=": () => zoom(scale * STEP), "-": () => zoom(scale / STEP), 0: fit,
      1: () => zoom(1) }[event.key];
    if (act) { event.preventDefault(); act(); }
  });
  const at = (event) => [event.clientX - pane.getBoundingClientRect().x, event.clientY - pane.getBoundingClientRect().y];
  pane.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(scale * Math.exp(-event.deltaY / 400), ...at(event));
  }, { passive: false });
  pane.addEventListener("dblclick", (event) => zoom(scale * 2, ...at(event)));
  pane.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "touch" || event.button) return;
    event.preventDefault();
    pane.focus();
    const [x, y, left, top] = [event.clientX, event.clientY, pane.scrollLeft, pane.scrollTop];
    const move = (to) => pane.scrollTo(left + x - to.clientX, top + y - to.clientY);
    pane.setPointerCapture(event.pointerId);
    pane.addEventListener("pointermove", move);
    pane.addEventListener("lostpointercapture", () => pane.removeEventListener("pointermove", move), { once: true });
  });
}
