/** Runs before the first paint, so that a chosen theme never flashes the other one. */
export const themeScript = `
(function () {
  try {
    var theme = localStorage.getItem("theme");
    if (theme === "light" || theme === "dark") {
      document.documentElement.dataset.theme = theme;
    }
  } catch (refused) {
    // Without storage the page follows the system.
  }
})();
`;
