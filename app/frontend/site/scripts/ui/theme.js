/** The switch between the device's theme, light and dark. `early.js` reads what is kept here. */

const PAGE_COLOURS = { light: "#f5f4f0", dark: "#101514" };

export function startTheme() {
  const template = document.getElementById("theme-template");
  for (const [index, place] of document.querySelectorAll("[data-theme-place]").entries()) {
    const choice = template.content.cloneNode(true);
    for (const radio of choice.querySelectorAll("input")) {
      radio.name = `theme-${index}`;
      radio.addEventListener("change", () => choose(radio.value));
    }
    place.append(choice);
  }
  show(document.documentElement.dataset.theme ?? "system");
  // Another tab has chosen.
  window.addEventListener("storage", ({ key, newValue }) => {
    if (key === "theme" || key === null) show(newValue ?? "system");
  });
}

function choose(theme) {
  show(theme);
  try {
    if (theme === "system") localStorage.removeItem("theme");
    else localStorage.setItem("theme", theme);
  } catch {
    // A browser that keeps nothing: the choice holds until the page is left.
  }
}

function show(theme) {
  const forced = theme in PAGE_COLOURS ? theme : null;
  if (forced) document.documentElement.dataset.theme = forced;
  else delete document.documentElement.dataset.theme;
  for (const radio of document.querySelectorAll(".theme input")) {
    radio.checked = radio.value === (forced ?? "system");
  }
  for (const meta of document.querySelectorAll("meta[name=theme-color]")) {
    meta.content = PAGE_COLOURS[forced ?? (meta.media.includes("dark") ? "dark" : "light")];
  }
}
