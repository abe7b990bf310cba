// Light or dark: as the system has it, until the reader wants the other one.

/** Takes the system's colours, now and when they change, and calls `changed`; returns what takes the other ones. */
export function theming(changed = () => {}) {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const take = (isDark) => {
    document.documentElement.dataset.theme = isDark ? "dark" : "light";
    changed();
  };
  dark.addEventListener("change", () => take(dark.matches));
  take(dark.matches);
  return () => take(document.documentElement.dataset.theme !== "dark");
}
