"use client";

import { Moon, Sun } from "lucide-react";
import { IconButton } from "./button";

/** Turns to the other theme; back at the system's own, it forgets the choice and follows it. */
function turnTheme() {
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const root = document.documentElement;
  const next = (root.dataset.theme ?? system) === "dark" ? "light" : "dark";
  try {
    if (next === system) localStorage.removeItem("theme");
    else localStorage.setItem("theme", next);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
  if (next === system) delete root.dataset.theme;
  else root.dataset.theme = next;
}

export function ThemeToggle() {
  return (
    <IconButton label="Switch between light and dark" onClick={turnTheme}>
      <Moon aria-hidden className="theme-moon size-4" />
      <Sun aria-hidden className="theme-sun size-4" />
    </IconButton>
  );
}
