import type { Config } from "tailwindcss";

/** Every colour is a variable of app/globals.css, which has a light and a dark value for it. */
const colors = {
  transparent: "transparent",
  current: "currentColor",
  black: "#000",
  white: "#fff",
  canvas: "var(--canvas)",
  surface: "var(--surface)",
  sunken: "var(--sunken)",
  hover: "var(--hover)",
  line: { DEFAULT: "var(--line)", strong: "var(--line-strong)" },
  ink: { DEFAULT: "var(--ink)", muted: "var(--ink-muted)", faint: "var(--ink-faint)" },
  accent: {
    DEFAULT: "var(--accent)",
    hover: "var(--accent-hover)",
    ink: "var(--accent-ink)",
    text: "var(--accent-text)",
    soft: "var(--accent-soft)",
    line: "var(--accent-line)",
  },
  ok: { DEFAULT: "var(--ok)", soft: "var(--ok-soft)", line: "var(--ok-line)" },
  warn: { DEFAULT: "var(--warn)", soft: "var(--warn-soft)", line: "var(--warn-line)" },
  bad: {
    DEFAULT: "var(--bad)",
    soft: "var(--bad-soft)",
    line: "var(--bad-line)",
    fill: "var(--bad-fill)",
    hover: "var(--bad-hover)",
  },
};

const config: Config = {
  content: ["./app/**/*.{ts,tsx}", "./components/**/*.{ts,tsx}"],
  theme: {
    colors,
    extend: {
      fontFamily: {
        sans: ["var(--font-sans)", "ui-sans-serif", "system-ui", "sans-serif"],
        mono: ["var(--font-mono)", "ui-monospace", "Menlo", "Consolas", "monospace"],
      },
      boxShadow: {
        card: "0 1px 2px var(--shadow)",
        dialog: "0 16px 48px -12px var(--shadow-strong), 0 2px 6px var(--shadow)",
      },
      keyframes: {
        "fade-in": { from: { opacity: "0" } },
        "fade-out": { to: { opacity: "0" } },
        "rise-in": { from: { opacity: "0", transform: "translateY(6px)" } },
        "slide-in": { from: { transform: "translateX(32px)", opacity: "0" } },
        "slide-out": { to: { transform: "translateX(32px)", opacity: "0" } },
        breathe: { "50%": { opacity: "0.35" } },
      },
      animation: {
        "fade-in": "fade-in 140ms ease-out",
        "fade-out": "fade-out 120ms ease-in forwards",
        "rise-in": "rise-in 180ms ease-out",
        "slide-in": "slide-in 200ms cubic-bezier(0.2, 0.8, 0.2, 1)",
        "slide-out": "slide-out 140ms ease-in forwards",
        breathe: "breathe 2s ease-in-out infinite",
      },
    },
  },
};

export default config;
