// Opens HTML reports in Chromium, as a CI server with a strict content policy serves them and from
// a file, and holds what they promise: nothing on the console, no request to anywhere else, every
// link leads somewhere, no sideways scrolling, nothing that an accessibility audit finds.
//
//   node check.mjs DIR [--shots SHOTS]
//
// DIR holds a directory for each report. With --shots it leaves pictures and a PDF of each.
import { createRequire } from "node:module";
import { createServer } from "node:http";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const require = createRequire(import.meta.url);
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const root = path.resolve(process.argv[2]);
const shots = process.argv[3] === "--shots" ? path.resolve(process.argv[4]) : undefined;
// What Jenkins sends with the files of an archived report.
const policy = "sandbox; default-src 'none'; img-src 'self'; style-src 'self';";
const types = { ".html": "text/html; charset=utf-8", ".css": "text/css", ".svg": "image/svg+xml" };
const faults = [];
let pages = 0;

function fault(where, what) {
  faults.push(`${where}: ${what}`);
}

const server = createServer((request, response) => {
  const { pathname, search } = new URL(request.url, "http://localhost");
  const file = path.join(root, decodeURIComponent(pathname));
  if (!file.startsWith(root) || !existsSync(file) || !statSync(file).isFile()) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, {
    "content-type": types[path.extname(file)] ?? "application/octet-stream",
    ...(search === "?plain" ? {} : { "content-security-policy": policy }),
    "x-content-type-options": "nosniff",
  });
  response.end(readFileSync(file));
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const origin = `http://127.0.0.1:${server.address().port}`;

const profile = mkdtempSync(path.join(tmpdir(), "browser-"));
const options = {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
  ],
};
const browser = await chromium.launchPersistentContext(profile, options);

// Every file below a directory.
function files(dir, below = "") {
  return readdirSync(path.join(dir, below), { withFileTypes: true }).flatMap((entry) => {
    const name = path.posix.join(below, entry.name);
    return entry.isDirectory() ? files(dir, name) : [name];
  });
}

// The page that everything is opened in, watched: what it says on the console, what it asks for.
const page = await browser.newPage();
let what = "";
// The browser may ask for a page's icon when the next page is already open.
const own = [origin, pathToFileURL(root).href, "about:blank"];
page.on("console", (message) => {
  if (["error", "warning"].includes(message.type())) fault(what, `console: ${message.text()}`);
});
page.on("pageerror", (error) => fault(what, `script: ${error}`));
page.on("requestfailed", (request) => {
  // The browser itself drops a request that it no longer needs, as for a picture of another width.
  const { errorText } = request.failure();
  if (errorText !== "net::ERR_ABORTED") fault(what, `${errorText}: ${request.url()}`);
});
page.on("response", (response) => {
  if (response.status() >= 400) fault(what, `${response.status()}: ${response.url()}`);
});
page.on("request", (request) => {
  if (!own.some((start) => request.url().startsWith(start))) fault(what, `external request: ${request.url()}`);
});

async function open(url, viewport, scheme) {
  // Away from the last page first: another width or theme would make it ask for other pictures.
  await page.goto("about:blank");
  await page.setViewportSize(viewport);
  await page.emulateMedia({ colorScheme: scheme });
  await page.goto(url, { waitUntil: "load" });
  pages += 1;
}

// What can be seen without a script in the page: a sandboxed page lets none of its own run.
async function look(width) {
  const seen = await page.evaluate(() => ({
    scroll: document.scrollingElement.scrollWidth,
    wide: document.documentElement.clientWidth,
    broken: [...document.images].filter((image) => !image.complete || image.naturalWidth === 0)
      .map((image) => image.currentSrc),
    styled: getComputedStyle(document.body).margin === "0px",
    scripts: document.scripts.length,
    inline: document.querySelectorAll("[style], style").length,
    handlers: [...document.querySelectorAll("*")]
      .filter((element) => [...element.attributes].some((a) => a.name.startsWith("on"))).length,
  }));
  if (seen.scroll > seen.wide) fault(what, `scrolls sideways: ${seen.scroll} of ${seen.wide} px at ${width}`);
  for (const source of seen.broken) fault(what, `broken picture: ${source}`);
  if (!seen.styled) fault(what, "the style sheet has no effect");
  if (seen.scripts + seen.inline + seen.handlers > 0) fault(what, "holds a script or an inline style");
}

async function links(report) {
  const found = await page.evaluate(() => ({
    ids: [...document.querySelectorAll("[id]")].map((element) => element.id),
    hrefs: [...document.querySelectorAll("a[href], link[href]")].map((a) => a.getAttribute("href")),
  }));
  if (new Set(found.ids).size !== found.ids.length) fault(what, "an id stands twice");
  const here = new URL(page.url());
  for (const href of found.hrefs) {
    const target = new URL(href, here);
    if (/^https?:$/.test(target.protocol) && target.origin !== origin) continue;
    if (target.protocol !== here.protocol) {
      fault(what, `a link to ${href}`);
      continue;
    }
    const file = path.join(root, report, path.posix.relative(`/${report}`, decodeURIComponent(target.pathname)));
    if (!existsSync(file)) fault(what, `a link to ${href}, which is not there`);
    const anchor = decodeURIComponent(target.hash.slice(1));
    if (anchor && target.pathname === here.pathname && !found.ids.includes(anchor)) {
      fault(what, `a link to ${href}, which no element is called`);
    }
  }
}

async function audit() {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() =>
    window.axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  for (const { id, nodes } of violations) {
    fault(what, `axe ${id}: ${nodes.slice(0, 3).map((node) => `${node.target} ${node.html.slice(0, 160)}`).join(" | ")} (${nodes.length})`);
  }
}

// The same with the keyboard: the first stop is the way past the navigation.
async function keyboard() {
  await page.keyboard.press("Tab");
  const first = await page.evaluate(() => {
    const element = document.activeElement;
    const { outlineStyle } = getComputedStyle(element);
    return { name: element.className, top: element.getBoundingClientRect().top, outlineStyle };
  });
  if (first.name !== "skip" || first.top < 0 || first.outlineStyle === "none") {
    fault(what, `the first tab stop is ${JSON.stringify(first)}`);
  }
}

for (const report of readdirSync(root).sort()) {
  const all = files(path.join(root, report));
  const html = all.filter((file) => file.endsWith(".html"));
  // Every run page has the same make: one of them stands for the rest.
  const some = ["index.html", ...html.filter((file) => file !== "index.html").slice(0, 1)];
  for (const [width, height] of [[360, 740], [1440, 900]]) {
    for (const scheme of ["light", "dark"]) {
      for (const file of some) {
        what = `${report}/${file} ${width} ${scheme}`;
        await open(`${origin}/${report}/${file}`, { width, height }, scheme);
        await look(width);
        if (width === 360) await page.evaluate(() => document.querySelectorAll("details").forEach((d) => { d.open = true; }));
        await look(width);
        if (shots && (file === "index.html" || file === some[1])) {
          mkdirSync(shots, { recursive: true });
          const name = file === "index.html" ? report : `${report}-run`;
          if (width === 360) await page.evaluate(() => document.querySelectorAll("details").forEach((d) => { d.open = false; }));
          await page.screenshot({ path: path.join(shots, `${name}-${width}-${scheme}.png`), fullPage: true });
          if (width === 1440 && scheme === "light") {
            await page.pdf({ path: path.join(shots, `${name}.pdf`), format: "A4", margin: { top: "1.5cm", bottom: "1.5cm", left: "1.5cm", right: "1.5cm" } });
          }
        }
        if (scheme === "light" && width === 1440) {
          await links(report);
          await keyboard();
        }
        // Each theme at one of the widths: colours do not depend on it.
        if ((width === 360) !== (scheme === "light")) continue;
        // The audit is a script, which the policy forbids: it gets the page without one.
        await page.goto(`${origin}/${report}/${file}?plain`, { waitUntil: "load" });
        await audit();
          }
    }
  }
  what = `${report} from a file`;
  for (const file of some) {
    await open(pathToFileURL(path.join(root, report, file)).href, { width: 1440, height: 900 }, "light");
    await look(1440);
  }
  // The rest is read as text: every page, every link.
  for (const file of html) {
    const text = readFileSync(path.join(root, report, file), "utf8");
    for (const [, href] of text.matchAll(/(?:href|src|srcset)="([^"#]*)(?:#[^"]*)?"/g)) {
      if (href === "" || /^https?:/.test(href)) continue;
      if (!existsSync(path.join(root, report, path.dirname(file), href))) fault(`${report}/${file}`, `leads to ${href}`);
    }
  }
  // A file that nothing leads to would be left over.
  const used = html.map((file) => [file, readFileSync(path.join(root, report, file), "utf8")]);
  for (const file of all.filter((file) => file !== "index.html")) {
    const name = path.posix.basename(file);
    if (!used.some(([from, text]) => from !== file && text.includes(`${name}"`))) fault(`${report}/${file}`, "nothing leads to it");
  }
}

await browser.close();
server.close();
rmSync(profile, { recursive: true, force: true });
for (const line of faults) console.error(line);
console.log(`${pages} pages opened, ${faults.length} faults`);
if (faults.length > 0 || pages === 0) process.exit(1);
