// Takes the pictures of docs/gallery.md.
//
//   node gallery.mjs WORK OUT
//
// WORK holds waiting.ansi and end.ansi (a terminal, as tmux captures it), summary.html (the summary,
// rendered) and cekura-report/.
import { createRequire } from "node:module";
import { copyFileSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const require = createRequire(import.meta.url);
const [work, out] = process.argv.slice(2).map((dir) => path.resolve(dir));
const markdown = readFileSync(require.resolve("github-markdown-css/github-markdown.css"), "utf8");

const profile = mkdtempSync(path.join(tmpdir(), "browser-"));
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
  ],
});
const page = await browser.newPage();

// The colours of a terminal on a dark ground.
const palette = [
  "#1b1f27", "#ff7b72", "#56d364", "#e3b341", "#79c0ff", "#d2a8ff", "#56d4dd", "#c9d1d9",
  "#8b949e", "#ffa198", "#7ee787", "#f2cc60", "#a5d6ff", "#e2c5ff", "#76e4f7", "#ffffff",
];

function colour(codes) {
  const kind = codes.shift();
  if (kind === 5) {
    const index = codes.shift();
    if (index < 16) return palette[index];
    if (index >= 232) {
      const grey = 8 + (index - 232) * 10;
      return `rgb(${grey},${grey},${grey})`;
    }
    const level = (n) => (n === 0 ? 0 : 55 + n * 40);
    const cube = index - 16;
    return `rgb(${level(Math.floor(cube / 36))},${level(Math.floor(cube / 6) % 6)},${level(cube % 6)})`;
  }
  return `rgb(${codes.splice(0, 3).join(",")})`;
}

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

// What a terminal shows, as HTML: the styles that a select-graphic-rendition sequence can set.
function terminal(text) {
  let style = {};
  const lines = text.replace(/\s+$/, "").split("\n").map((line) => {
    let html = "";
    for (const [, sequence, plain] of line.matchAll(/\x1b\[([0-9;]*)m|([^\x1b]+)/g)) {
      if (plain !== undefined) {
        const css = Object.entries(style).map(([name, value]) => `${name}:${value}`).join(";");
        html += `<span style="${css}">${escaped(plain)}</span>`;
        continue;
      }
      const codes = sequence.split(";").map(Number);
      while (codes.length > 0) {
        const code = codes.shift();
        if (code === 0) style = {};
        else if (code === 1) style["font-weight"] = "bold";
        else if (code === 2) style.opacity = "0.65";
        else if (code === 3) style["font-style"] = "italic";
        else if (code === 4) style["text-decoration"] = "underline";
        else if (code === 22) { delete style["font-weight"]; delete style.opacity; }
        else if (code === 23) delete style["font-style"];
        else if (code === 24) delete style["text-decoration"];
        else if (code >= 30 && code <= 37) style.color = palette[code - 30];
        else if (code >= 90 && code <= 97) style.color = palette[code - 82];
        else if (code === 38) style.color = colour(codes);
        else if (code === 39) delete style.color;
        else if (code === 48) style.background = colour(codes);
        else if (code === 49) delete style.background;
      }
    }
    return html;
  });
  return `<!doctype html><meta charset="utf-8"><style>
    body { margin: 0; background: #0d1117; width: max-content; }
    pre { margin: 0; padding: 18px 22px; color: #c9d1d9; font: 14px/1.45 "DejaVu Sans Mono", "Liberation Mono", monospace; }
  </style><pre>${lines.join("\n")}</pre>`;
}

async function shoot(name, options = {}) {
  await page.screenshot({ path: path.join(out, `${name}.png`), ...options });
}

for (const name of ["waiting", "end"]) {
  await page.setContent(terminal(readFileSync(path.join(work, `${name}.ansi`), "utf8")));
  await page.locator("pre").screenshot({ path: path.join(out, `terminal-${name}.png`) });
}

const summary = readFileSync(path.join(work, "summary.html"), "utf8");
for (const scheme of ["light", "dark"]) {
  await page.emulateMedia({ colorScheme: scheme });
  await page.setViewportSize({ width: 1012, height: 1400 });
  await page.setContent(`<!doctype html><meta charset="utf-8"><meta name="color-scheme" content="light dark">
    <style>${markdown} body { margin: 0; } .markdown-body { padding: 32px; }</style>
    <article class="markdown-body">${summary}</article>`);
  await shoot(`summary-${scheme}`);
}

const report = (file) => pathToFileURL(path.join(work, "cekura-report/html", file)).href;
const run = readdirSync(path.join(work, "cekura-report/html/runs")).sort()[0];
const shots = [
  ["overview-light", "index.html", "light", 1280, 1150, 0],
  ["overview-dark", "index.html", "dark", 1280, 1150, 0],
  ["run-light", `runs/${run}`, "light", 1280, 1250, 0],
  ["run-dark", `runs/${run}`, "dark", 1280, 1250, 0],
  ["phone-light", "index.html", "light", 360, 900, 0],
];
for (const [name, file, scheme, width, height] of shots) {
  await page.emulateMedia({ colorScheme: scheme });
  await page.setViewportSize({ width, height });
  await page.goto(report(file), { waitUntil: "load" });
  await shoot(name);
}

// The plots are files already.
for (const stem of ["scenarios", "change", "runs", "figure-1", "time"]) {
  for (const theme of ["", "-dark"]) {
    const name = `${stem}${theme}.svg`;
    copyFileSync(path.join(work, "cekura-report/html/plots", name), path.join(out, name));
  }
}

await browser.close();
rmSync(profile, { recursive: true, force: true });
