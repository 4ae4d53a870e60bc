import type { Metadata, Viewport } from "next";
import localFont from "next/font/local";
import type { ReactNode } from "react";
import "./globals.css";
import { Providers } from "./providers";
import { themeScript } from "./theme-script";

const sans = localFont({ src: "./fonts/geist.woff2", variable: "--font-sans", weight: "100 900" });
const mono = localFont({
  src: "./fonts/geist-mono.woff2",
  variable: "--font-mono",
  weight: "100 900",
  adjustFontFallback: false,
  fallback: ["ui-monospace", "Menlo", "Consolas", "monospace"],
});

export const metadata: Metadata = {
  title: { default: "Turbo Webhooks", template: "%s · Turbo Webhooks" },
  description: "Every change is an event; every event arrives signed or is shown as failed.",
  robots: { index: false, follow: false },
};

export const viewport: Viewport = {
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: "#f7f7f9" },
    { media: "(prefers-color-scheme: dark)", color: "#0c0d10" },
  ],
};

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    // The theme script sets data-theme before React takes over.
    <html lang="en" className={`${sans.variable} ${mono.variable}`} suppressHydrationWarning>
      <head>
        <script dangerouslySetInnerHTML={{ __html: themeScript }} />
      </head>
      <body className="min-h-dvh font-sans text-sm leading-6">
        <Providers>{children}</Providers>
      </body>
    </html>
  );
}
