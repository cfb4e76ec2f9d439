/**
 * Puts the chosen theme on the page before anything is painted. Not a module, because those wait for
 * the document. Without a choice the page follows the device.
 */
(() => {
  try {
    const theme = localStorage.getItem("theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // A browser that keeps nothing: the device decides.
  }
})();
